import type { MiddlewareHandler } from "hono";
import type { AppEnv } from "./env.ts";

/**
 * Gives a response to HEAD the Content-Length that GET would have (RFC 9110 §8.6). The body is dropped later; without
 * this the length would be 0.
 */
export const keepLengthOnHead: MiddlewareHandler<AppEnv> = async (c, next) => {
  await next();
  if (c.req.method !== "HEAD" || c.res.body === null) return;
  const body = await c.res.clone().arrayBuffer();
  c.res.headers.set("Content-Length", String(body.byteLength));
};

/** Results are patients' data. No cache may store a file or a response about one (`no-store`, RFC 9111 §5.2.2.5). */
export const neverStored: MiddlewareHandler<AppEnv> = async (c, next) => {
  await next();
  if (!c.res.headers.has("Cache-Control")) c.res.headers.set("Cache-Control", "no-store");
};
