import type { AppError } from "../../errors.ts";
import type { Log } from "../../log.ts";
import { type BodyGuard, guardBody } from "../../streams/guarded-body.ts";
import type { ByteRange } from "../object-store.ts";
import { asS3Failure, s3Failure } from "./errors.ts";
import type { S3Answer, S3Request, SendS3Request } from "./request.ts";
import { maxAttempts, pauseAfter } from "./retry.ts";
import { defaultIdleMs, type S3Settings } from "./settings.ts";

/** A store that breaks off again and again before it has sent this much is not asked for ever. */
const progressBytes = 4 * 1024;

export interface BodySource {
  readonly request: S3Request;
  readonly answer: S3Answer;
  /** Sends a request whose answer is not guarded. */
  readonly send: SendS3Request;
}

/** The answer, with a body that keeps what `S3Answer` promises. */
export function guardAnswer(source: BodySource, { idleMs = defaultIdleMs, log }: S3Settings): S3Answer {
  const { request, answer } = source;
  const { action } = request;
  if (answer.body instanceof Blob) return answer;
  // The status is out already: nobody but the log learns why a body has failed.
  const logged = (failure: AppError) => {
    log?.warn("object_store.broken_off", { action, reason: failure.operatorDetail });
    return failure;
  };
  const body = guardBody(answer.body, {
    idleMs,
    onIdle: () => logged(s3Failure(action, "IdleTimeout")),
    onBreak: (cause) => logged(asS3Failure(action, cause)),
    goOn: goOnWith(source, log),
  });
  return { ...answer, body };
}

/**
 * Goes on with an object's body where it broke off, with bytes of the same version of the object. Stores hang up on a
 * connection whose reader pauses (Ceph after 65 s), and slow readers of large objects are welcome.
 */
function goOnWith({ request, answer, send }: BodySource, log: Log | undefined): BodyGuard["goOn"] {
  const { action } = request;
  const etag = answer.headers.get("etag");
  const range = rangeOf(request, answer);
  let resumedAt = 0;
  let fruitless = 0;

  return async (receivedBytes, cause, signal) => {
    if (etag === null || range === undefined) throw cause;
    const rest = { start: range.start + receivedBytes, end: range.end };
    if (rest.start > rest.end) return new Blob().stream();
    fruitless = receivedBytes - resumedAt < progressBytes ? fruitless + 1 : 1;
    resumedAt = receivedBytes;
    if (fruitless > maxAttempts) throw cause;
    log?.debug("object_store.resumed", { action, receivedBytes, reason: asS3Failure(action, cause).operatorDetail });
    await pauseAfter(fruitless);
    const next = await send({ ...request, range: rest, ifMatch: etag, signal });
    if (next === undefined) throw s3Failure(action, "NoSuchKey");
    const isSame = next.headers.get("etag") === etag && totalOf(next, rest) === range.total;
    if (isSame) return next.body instanceof Blob ? next.body.stream() : next.body;
    if (next.body instanceof ReadableStream) await next.body.cancel();
    throw s3Failure(action, "UnexpectedAnswer");
  };
}

/** Which bytes of an object of what size an answer holds; `undefined` if it does not say so, or holds something else. */
function rangeOf(request: S3Request, answer: S3Answer): (ByteRange & { readonly total: number }) | undefined {
  const { key, query, range } = request;
  if (key === undefined || query !== undefined) return undefined;
  const total = range === undefined ? lengthOf(answer) : totalOf(answer, range);
  return Number.isSafeInteger(total) ? { ...(range ?? { start: 0, end: total - 1 }), total } : undefined;
}

export function lengthOf({ headers }: Pick<S3Answer, "headers">): number {
  return Number(headers.get("content-length") ?? Number.NaN);
}

/** The object's whole size, from an answer that must hold just the range asked for; else `NaN`. */
export function totalOf(answer: S3Answer, range: ByteRange): number {
  const match = /^bytes (\d+)-(\d+)\/(\d+)$/.exec(answer.headers.get("content-range") ?? "");
  const [, start, end, total] = (match ?? []).map(Number);
  return answer.status === 206 && start === range.start && end === range.end ? (total ?? Number.NaN) : Number.NaN;
}
