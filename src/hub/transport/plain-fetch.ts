import { findProxy, type ProxySettings } from "./proxy.ts";

export interface FetchInit {
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | ReadableStream<Uint8Array> | undefined;
  readonly signal: AbortSignal;
  /** `false` asks for a connection of its own. */
  readonly keepalive: boolean;
}

/** The part of `fetch` that outbound calls need. */
export type FetchLike = (url: string, init: FetchInit) => Promise<Response>;

/**
 * `fetch` with the given proxy and no other: it ignores the proxy variables of the environment, `NO_PROXY` too. It does
 * not follow redirects, because one could carry a token elsewhere or turn an upload into a GET.
 */
export function createPlainFetch(proxy?: ProxySettings): FetchLike {
  return (url, init) => {
    const proxyUrl = findProxy(proxy, new URL(url));
    return fetch(url, {
      method: init.method,
      headers: init.headers,
      ...(init.body === undefined ? {} : { body: init.body, duplex: "half" }),
      signal: init.signal,
      keepalive: init.keepalive,
      redirect: "manual",
      proxy: proxyUrl === undefined ? false : { url: proxyUrl, respectNoProxy: false },
    });
  };
}
