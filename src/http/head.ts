import type { MiddlewareHandler } from "hono";
import type { AppEnv } from "./env.ts";

/**
 * Gives a response to HEAD the Content-Length that GET would have (RFC 9110 §8.6). The body is counted and
 * dropped piece by piece: an export may be long. Without this the length would be 0.
 */
export const keepLengthOnHead: MiddlewareHandler<AppEnv> = async (c, next) => {
  await next();
  if (c.req.method !== "HEAD" || c.res.body === null) return;
  let bytes = 0;
  for await (const piece of c.res.body) bytes += piece.byteLength;
  c.res = new Response(null, c.res);
  c.res.headers.set("Content-Length", String(bytes));
};

/** Results are patients' data. No cache may store a file or a response about one (`no-store`, RFC 9111 §5.2.2.5). */
export const neverStored: MiddlewareHandler<AppEnv> = async (c, next) => {
  await next();
  if (!c.res.headers.has("Cache-Control")) c.res.headers.set("Cache-Control", "no-store");
};
