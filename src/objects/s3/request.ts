import { AppError } from "../../errors.ts";
import type { ByteRange } from "../object-store.ts";
import { guardAnswer, lengthOf } from "./body.ts";
import { asS3Failure, codeOfAnswer, s3CodeOf, s3Failure } from "./errors.ts";
import { maxAttempts, pauseAfter } from "./retry.ts";
import { defaultIdleMs, type S3Settings } from "./settings.ts";
import { createS3Signer } from "./sign.ts";

export interface S3Request {
  /** What is being done, for operators. */
  readonly action: string;
  readonly method: "GET" | "HEAD" | "POST" | "DELETE";
  /** Without a key the request is about the bucket. */
  readonly key?: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly range?: ByteRange;
  /** The entity tag that the object must have. */
  readonly ifMatch?: string;
  /** Headers that are signed. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly attempts?: number;
  readonly signal?: AbortSignal | undefined;
}

export interface S3Answer {
  readonly status: number;
  readonly headers: Headers;
  /**
   * A small one is here already. A stream goes on where the store breaks off in the middle of an object; when there is no
   * way to, or the store is silent for too long, it errors with an `AppError`. Cancelling it frees the connection.
   */
  readonly body: Blob | ReadableStream<Uint8Array>;
}

/** Sends a request; resolves with a 2xx answer, or with `undefined` when the key does not exist. */
export type SendS3Request = (request: S3Request) => Promise<S3Answer | undefined>;

const retriedStatuses = new Set([429, 500, 502, 503, 504]);
const passingErrors = new Set(["ECONNRESET", "ConnectionClosed", "ECONNREFUSED", "ConnectionRefused"]);
/** Up to here a body is read at once: that takes less than handing it on piece by piece, and it may be asked for again. */
const smallBytes = 64 * 1024;

/** Signed requests to one bucket, for all that Bun's own S3 client cannot do or cannot give up. */
export function createS3Requests(settings: S3Settings): SendS3Request {
  const sign = createS3Signer(settings);
  const { idleMs = defaultIdleMs, log } = settings;
  const guard = (request: S3Request, answer: S3Answer) => guardAnswer({ request, answer, send: sendAgain }, settings);

  async function sendOnce(request: S3Request): Promise<S3Answer> {
    const { action, method, body } = request;
    const { url, headers } = await sign(request);
    const abort = new AbortController();
    const timer = setTimeout(() => abort.abort(s3Failure(action, "IdleTimeout")), idleMs);
    try {
      const response = await fetch(url, {
        method,
        headers,
        signal: request.signal === undefined ? abort.signal : AbortSignal.any([abort.signal, request.signal]),
        redirect: "manual",
        proxy: false,
        decompress: false,
        timeout: false,
        keepalive: mayKeepAlive(url, method),
        ...(body === undefined ? {} : { body }),
      });
      const { status, headers: answered } = response;
      const isSmall = lengthOf(response) <= smallBytes;
      return { status, headers: answered, body: isSmall ? await response.blob() : (response.body ?? new Blob()) };
    } finally {
      clearTimeout(timer);
    }
  }

  /** Bodies of what it resolves with are not guarded. */
  async function sendAgain(request: S3Request): Promise<S3Answer | undefined> {
    const attempts = request.attempts ?? maxAttempts;
    for (let attempt = 1; ; attempt++) {
      const answer = await sendOnce(request).catch((error: unknown) => asS3Failure(request.action, error));
      if (!(answer instanceof AppError) && answer.status >= 200 && answer.status < 300) return answer;
      const failure = answer instanceof AppError ? answer : await refusalOf(request, guard(request, answer));
      if (failure === undefined) return undefined;
      const passing =
        answer instanceof AppError ? passingErrors.has(s3CodeOf(answer)) : retriedStatuses.has(answer.status);
      if (!passing || attempt >= attempts) throw failure;
      log?.debug("object_store.retried", { action: request.action, reason: failure.operatorDetail });
      await pauseAfter(attempt);
    }
  }

  return async (request) => {
    const answer = await sendAgain(request);
    return answer === undefined ? undefined : guard(request, answer);
  };
}

/** What an answer other than 2xx means; `undefined` if only that the key does not exist. */
async function refusalOf(request: S3Request, answer: S3Answer): Promise<AppError | undefined> {
  const text = await readText(answer.body).catch(() => "");
  const code = codeOfAnswer(answer.status, text);
  const isMissing = answer.status === 404 && request.key !== undefined && code !== "NoSuchBucket";
  return isMissing ? undefined : s3Failure(request.action, code);
}

/** The whole body as text, for answers that are small by nature. */
export async function readText(body: S3Answer["body"]): Promise<string> {
  return await new Response(body).text();
}

/** For answers whose body nobody needs. */
export async function dropBody(answer: S3Answer | undefined): Promise<void> {
  if (answer?.body instanceof ReadableStream) await answer.body.cancel();
}

/**
 * Stores that leave Nagle's algorithm on (Ceph by default) hold the end of a short answer back until the last packet is
 * acknowledged, 40 ms on a connection that is kept; a new one costs under 1 ms without TLS. Answers without a body do not suffer.
 */
function mayKeepAlive(url: URL, method: S3Request["method"]): boolean {
  return url.protocol === "https:" || method === "HEAD" || method === "DELETE";
}
