import type { ClientRequest, IncomingMessage } from "node:http";
import { request as httpsRequest } from "node:https";
import { Readable } from "node:stream";
import { HttpsProxyAgent } from "https-proxy-agent";
import type { FetchInit, FetchLike } from "./plain-fetch.ts";
import { findProxy, type ProxySettings } from "./proxy.ts";

/**
 * A `fetch` for https targets behind a proxy. Unlike the built-in one, it holds back-pressure in both directions. Every
 * request has its own tunnel.
 */
export function createTunnelFetch(proxy?: ProxySettings): FetchLike {
  return (url, init) => {
    const proxyUrl = findProxy(proxy, new URL(url));
    if (proxyUrl === undefined) throw new TypeError(`no proxy for ${new URL(url).origin}`);
    return new Promise((resolve, reject) => {
      const agent = new HttpsProxyAgent(proxyUrl, { signal: init.signal });
      const request = httpsRequest(url, {
        method: init.method,
        headers: { ...init.headers },
        agent,
        signal: init.signal,
      });
      request.once("proxyConnect", ({ statusCode }: { statusCode: number }) => {
        if (statusCode === 200) return;
        request.destroy(tunnelRefused(statusCode));
      });
      request.on("error", reject);
      request.once("response", (message) => {
        // An error thrown in this callback would end the process, and `Response` refuses a status such as 999.
        Promise.try(toResponse, message).then(resolve, reject);
      });
      sendBody(request, init);
    });
  };
}

function sendBody(request: ClientRequest, { body }: FetchInit) {
  if (body === undefined || typeof body === "string") {
    request.end(body);
    return;
  }
  const source = Readable.fromWeb(body);
  request.once("response", () => source.destroy());
  request.once("close", () => source.destroy());
  source.once("error", (error) => request.destroy(error));
  source.pipe(request);
}

function toResponse(message: IncomingMessage): Response {
  const headers = new Headers();
  for (const [name, value] of Object.entries(message.headersDistinct))
    for (const one of value ?? []) headers.append(name, one);
  const status = message.statusCode ?? 502;
  const bodiless = status === 204 || status === 205 || status === 304;
  return new Response(bodiless ? null : toWebStream(message), { status, headers });
}

function toWebStream(message: IncomingMessage): ReadableStream<Uint8Array> {
  const chunks = message[Symbol.asyncIterator]();
  return new ReadableStream(
    {
      async pull(controller) {
        const { done, value } = await chunks.next();
        if (done) controller.close();
        else controller.enqueue(value);
      },
      cancel() {
        message.destroy();
      },
    },
    { highWaterMark: 0 },
  );
}

function tunnelRefused(status: number): Error {
  return Object.assign(new Error("the proxy refused to open a tunnel"), { code: "ERR_PROXY_TUNNEL", status });
}
