import type { AppError } from "../../errors.ts";
import type { Log } from "../../log.ts";
import { type BodyGuard, guardBody } from "../../streams/guarded-body.ts";
import type { ByteRange } from "../object-store.ts";
import type { S3Request, S3Response, SendS3Request } from "./messages.ts";
import { maxAttempts, pauseAfter } from "./retry.ts";
import { asS3Failure, s3Failure } from "./s3-failure.ts";
import { defaultIdleMs, type S3Options } from "./s3-options.ts";

/** A store that breaks off repeatedly without having sent this much in between is given up. */
const progressBytes = 4 * 1024;

export interface BodySource {
  readonly request: S3Request;
  readonly response: S3Response;
  /** Sends a request and returns the response without a guard. */
  readonly send: SendS3Request;
}

/** The response, with a body that does what `S3Response` promises. */
export function guardResponse(source: BodySource, { idleMs = defaultIdleMs, log }: S3Options): S3Response {
  const { request, response } = source;
  const { action } = request;
  if (response.body instanceof Blob) return response;
  // The HTTP status has been sent already, so only the log can say why a body failed.
  const logged = (failure: AppError) => {
    log?.warn("object_store.broken_off", { action, reason: failure.operatorDetail });
    return failure;
  };
  const body = guardBody(response.body, {
    idleMs,
    onIdle: () => logged(s3Failure(action, "IdleTimeout")),
    onBreak: (cause) => logged(asS3Failure(action, cause)),
    goOn: goOnWith(source, log),
  });
  return { ...response, body };
}

/**
 * Continues an object's body where it broke off, with bytes of the same version of the object. Stores close a
 * connection whose reader pauses (Ceph after 65 s), but slow readers of large objects are welcome.
 */
function goOnWith({ request, response, send }: BodySource, log: Log | undefined): BodyGuard["goOn"] {
  const { action } = request;
  const etag = response.headers.get("etag");
  const range = rangeOf(request, response);
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

/**
 * Which bytes the response holds, and the size of the whole object; `undefined` if it does not say so or holds
 * something else.
 */
function rangeOf(request: S3Request, response: S3Response): (ByteRange & { readonly total: number }) | undefined {
  const { key, query, range } = request;
  if (key === undefined || query !== undefined) return undefined;
  const total = range === undefined ? lengthOf(response) : totalOf(response, range);
  return Number.isSafeInteger(total) ? { ...(range ?? { start: 0, end: total - 1 }), total } : undefined;
}

export function lengthOf({ headers }: Pick<S3Response, "headers">): number {
  return Number(headers.get("content-length") ?? Number.NaN);
}

/** The size of the whole object, from a response that must hold exactly the range asked for; otherwise `NaN`. */
export function totalOf(response: S3Response, range: ByteRange): number {
  const match = /^bytes (\d+)-(\d+)\/(\d+)$/.exec(response.headers.get("content-range") ?? "");
  const [, start, end, total] = (match ?? []).map(Number);
  return response.status === 206 && start === range.start && end === range.end ? (total ?? Number.NaN) : Number.NaN;
}
