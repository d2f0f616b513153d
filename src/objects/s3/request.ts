import { AppError } from "../../errors.ts";
import { guardResponse, lengthOf } from "./body.ts";
import { asS3Failure, codeOfResponse, s3CodeOf, s3Failure } from "./errors.ts";
import type { S3Request, S3Response, SendS3Request } from "./messages.ts";
import { maxAttempts, pauseAfter } from "./retry.ts";
import { defaultIdleMs, type S3Options } from "./settings.ts";
import { createS3Signer } from "./sign.ts";

const retriedStatuses = new Set([429, 500, 502, 503, 504]);
const passingErrors = new Set(["ECONNRESET", "ConnectionClosed", "ECONNREFUSED", "ConnectionRefused"]);
/** Up to here a body is read at once: that takes less than handing it on piece by piece, and it may be asked for again. */
const smallBytes = 64 * 1024;

/** Signed requests to one bucket, for all that Bun's own S3 client cannot do or cannot give up. */
export function createS3Requests(settings: S3Options): SendS3Request {
  const sign = createS3Signer(settings);
  const { idleMs = defaultIdleMs, log } = settings;
  const guard = (request: S3Request, response: S3Response) =>
    guardResponse({ request, response, send: sendAgain }, settings);

  async function sendOnce(request: S3Request): Promise<S3Response> {
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
  async function sendAgain(request: S3Request): Promise<S3Response | undefined> {
    const attempts = request.attempts ?? maxAttempts;
    for (let attempt = 1; ; attempt++) {
      const response = await sendOnce(request).catch((error: unknown) => asS3Failure(request.action, error));
      if (!(response instanceof AppError) && response.status >= 200 && response.status < 300) return response;
      const failure = response instanceof AppError ? response : await refusalOf(request, guard(request, response));
      if (failure === undefined) return undefined;
      const passing =
        response instanceof AppError ? passingErrors.has(s3CodeOf(response)) : retriedStatuses.has(response.status);
      if (!passing || attempt >= attempts) throw failure;
      log?.debug("object_store.retried", { action: request.action, reason: failure.operatorDetail });
      await pauseAfter(attempt);
    }
  }

  return async (request) => {
    const response = await sendAgain(request);
    return response === undefined ? undefined : guard(request, response);
  };
}

/** What an answer other than 2xx means; `undefined` if only that the key does not exist. */
async function refusalOf(request: S3Request, response: S3Response): Promise<AppError | undefined> {
  const text = await readText(response.body).catch(() => "");
  const code = codeOfResponse(response.status, text);
  const isMissing = response.status === 404 && request.key !== undefined && code !== "NoSuchBucket";
  return isMissing ? undefined : s3Failure(request.action, code);
}

/** The whole body as text, for answers that are small by nature. */
export async function readText(body: S3Response["body"]): Promise<string> {
  return await new Response(body).text();
}

/** For answers whose body nobody needs. */
export async function dropBody(response: S3Response | undefined): Promise<void> {
  if (response?.body instanceof ReadableStream) await response.body.cancel();
}

/**
 * Stores that leave Nagle's algorithm on (Ceph by default) hold the end of a short answer back until the last packet is
 * acknowledged, 40 ms on a connection that is kept; a new one costs under 1 ms without TLS. Answers without a body do not suffer.
 */
function mayKeepAlive(url: URL, method: S3Request["method"]): boolean {
  return url.protocol === "https:" || method === "HEAD" || method === "DELETE";
}
