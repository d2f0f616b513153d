import { AppError } from "../../errors.ts";
import { guardResponse, lengthOf } from "./body.ts";
import type { S3Request, S3Response, SendS3Request } from "./messages.ts";
import { maxAttempts, pauseAfter } from "./retry.ts";
import { asS3Failure, codeOfResponse, s3CodeOf, s3Failure } from "./s3-failure.ts";
import { defaultIdleMs, type S3Options } from "./s3-options.ts";
import { createS3Signer } from "./sign.ts";
import { textOf } from "./xml.ts";

const retriedStatuses = new Set([429, 500, 502, 503, 504]);
const passingErrors = new Set(["ECONNRESET", "ConnectionClosed", "ECONNREFUSED", "ConnectionRefused"]);
/**
 * A body up to this size is read at once: that costs less than passing it on in pieces, and the request can be
 * repeated.
 */
const smallBytes = 64 * 1024;
/** A kept-alive connection may be dead without notice, so only a quarter of the time is risked on it. */
const shareOfKept = 4;
/** How long a request that was given up is watched for a late success. */
const lateMs = 300_000;

/** One attempt to send a request. */
interface Attempt {
  readonly limitMs: number;
  readonly keepAlive: boolean;
  readonly isLast: boolean;
}

/**
 * Signed requests to one bucket, for everything that Bun's own S3 client cannot do, cannot abort or does not check.
 * They do not use the Hub's transport: its proxy, sign-in and retries belong to the Hub, while a store needs ranges,
 * entity tags and an idle limit.
 */
export function createS3Requests(settings: S3Options): SendS3Request {
  const sign = createS3Signer(settings);
  const { idleMs = defaultIdleMs, log, now = () => performance.now() } = settings;
  const guard = (request: S3Request, response: S3Response) =>
    guardResponse({ request, response, send: sendAgain }, settings);

  async function fetchOnce(request: S3Request, keepalive: boolean, signal: AbortSignal): Promise<S3Response> {
    const { method, body } = request;
    const { url, headers } = await sign(request);
    const response = await fetch(url, {
      method,
      headers,
      signal: request.signal === undefined ? signal : AbortSignal.any([signal, request.signal]),
      redirect: "manual",
      proxy: false,
      decompress: false,
      timeout: false,
      keepalive,
      ...(body === undefined ? {} : { body }),
    });
    const isSmall = lengthOf(response) <= smallBytes;
    return {
      status: response.status,
      headers: response.headers,
      body: isSmall ? await response.blob() : (response.body ?? new Blob()),
    };
  }

  async function sendOnce(request: S3Request, { limitMs, keepAlive, isLast }: Attempt): Promise<S3Response> {
    const abort = new AbortController();
    const silent = s3Failure(request.action, "IdleTimeout");
    const work = fetchOnce(request, keepAlive, abort.signal);
    const overdue = Promise.withResolvers<never>();
    const timer = setTimeout(() => {
      overdue.reject(silent);
      if (!isLast || request.onLateSuccess === undefined) return abort.abort(silent);
      watchLate(work, abort, request.onLateSuccess);
    }, limitMs);
    try {
      return await Promise.race([work, overdue.promise]);
    } finally {
      clearTimeout(timer);
    }
  }

  /**
   * Sends a request, several times if needed, and resolves with a response without a guard. All attempts share one time
   * limit.
   */
  async function sendAgain(request: S3Request): Promise<S3Response | undefined> {
    const attempts = request.attempts ?? maxAttempts;
    const patienceMs = idleMs * (request.patience ?? 1);
    let silentMs = 0; // without our own pauses
    let mayKeep = mayKeepAlive(settings.endpoint, request);
    for (let attempt = 1; ; attempt++) {
      const leftMs = patienceMs - silentMs;
      const isLast = attempt >= attempts;
      const limitMs = mayKeep && !isLast ? Math.min(leftMs, patienceMs / shareOfKept) : leftMs;
      const attempted = { limitMs, keepAlive: mayKeep, isLast: isLast || limitMs === leftMs };
      const startMs = now();
      const response = await sendOnce(request, attempted).catch((error: unknown) => asS3Failure(request.action, error));
      silentMs += now() - startMs;
      if (!(response instanceof AppError) && response.status >= 200 && response.status < 300) return response;
      const failure = response instanceof AppError ? response : await refusalOf(request, guard(request, response));
      if (failure === undefined) return undefined;
      const isPassing =
        response instanceof AppError ? isPassingError(response, mayKeep) : retriedStatuses.has(response.status);
      if (!isPassing || isLast || request.signal?.aborted || silentMs >= patienceMs) throw failure;
      log?.debug("object_store.retried", { action: request.action, reason: failure.operatorDetail });
      if (response instanceof AppError) mayKeep = false;
      await pauseAfter(attempt);
    }
  }

  return async (request) => {
    const response = await sendAgain(request);
    return response === undefined ? undefined : guard(request, response);
  };
}

function isPassingError(error: AppError, wasKept: boolean): boolean {
  const code = s3CodeOf(error);
  return passingErrors.has(code) || (wasKept && code === "IdleTimeout");
}

function watchLate(work: Promise<S3Response>, abort: AbortController, onLateSuccess: () => void): void {
  const timer = setTimeout(() => abort.abort(), lateMs);
  timer.unref();
  work
    .then(({ status }) => {
      if (status >= 200 && status < 300) onLateSuccess();
    })
    .catch(() => {})
    .finally(() => clearTimeout(timer));
}

/** The failure that a response other than 2xx means; `undefined` if it only means that the key does not exist. */
async function refusalOf(request: S3Request, response: S3Response): Promise<AppError | undefined> {
  const text = await readText(response.body).catch(() => "");
  const code = codeOfResponse(response.status, text);
  const { method, key } = request;
  // A proxy in between may respond with 404 too. A store gives its reason in the body, except for HEAD.
  const isReason =
    method === "HEAD" || ((method === "GET" || method === "DELETE") && textOf(text, "Code") !== undefined);
  const isMissing = response.status === 404 && key !== undefined && isReason && code !== "NoSuchBucket";
  return isMissing ? undefined : s3Failure(request.action, code);
}

/** Reads the whole body as text, for responses that are always small. */
export async function readText(body: S3Response["body"]): Promise<string> {
  return await new Response(body).text();
}

/** Cancels the body of a response that nobody needs. */
export async function dropBody(response: S3Response | undefined): Promise<void> {
  if (response?.body instanceof ReadableStream) await response.body.cancel();
}

/**
 * Whether a request may use a kept-alive connection. Stores that leave Nagle's algorithm on (Ceph by default) hold back
 * the end of a short response until the last packet is acknowledged: 40 ms on a kept-alive connection, while a new one
 * costs under 1 ms without TLS. Responses without a body are not delayed. A request that takes long to send is not
 * risked on a connection that may be dead.
 */
function mayKeepAlive(endpoint: string, { method, body }: S3Request): boolean {
  if (body !== undefined && body.length > smallBytes) return false;
  return endpoint.startsWith("https:") || method === "HEAD" || method === "DELETE" || method === "PUT";
}
