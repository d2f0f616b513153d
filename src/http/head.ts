import type { MiddlewareHandler } from "hono";
import type { AppEnv } from "./env.ts";

/** Gives an answer to HEAD the length of GET's (RFC 9110 §8.6); its body is dropped later on, and the length would be 0. */
export const keepLengthOnHead: MiddlewareHandler<AppEnv> = async (c, next) => {
  await next();
  if (c.req.method !== "HEAD" || c.res.body === null) return;
  const body = await c.res.clone().arrayBuffer();
  c.res.headers.set("Content-Length", String(body.byteLength));
};

/** Results are patients' data: no cache on the way may keep them, nor what is said of them (RFC 9111 §5.2.2.5). */
export const neverStored: MiddlewareHandler<AppEnv> = async (c, next) => {
  await next();
  if (!c.res.headers.has("Cache-Control")) c.res.headers.set("Cache-Control", "no-store");
};
