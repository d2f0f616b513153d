import { explainFailure, proxyRefused, type Route } from "./network-failure.ts";
import { createPlainFetch, type FetchInit, type FetchLike } from "./plain-fetch.ts";
import { findProxy, maskProxy, type ProxySettings } from "./proxy.ts";
import { type CallResponse, readJson } from "./response.ts";
import type { Outcome } from "./retry.ts";
import { parseRetryAfter } from "./retry-after.ts";

/** Sends one request and returns its response, without judging or repeating it. */
export interface HttpClient {
  /** For short requests and responses. */
  readonly short: FetchLike;
  /** For bodies of any size: back-pressure holds in both directions. */
  readonly long: FetchLike;
  readResponse(response: Response): Promise<CallResponse>;
  routeOf(url: string): Route;
}

export interface HttpClientOptions {
  readonly proxy: ProxySettings | undefined;
  readonly fetch: FetchLike | undefined;
  readonly maxResponseBytes: number;
  readonly now: () => number;
}

export function createHttpClient({ proxy, fetch, maxResponseBytes, now }: HttpClientOptions): HttpClient {
  const plainFetch = fetch ?? createPlainFetch(proxy);
  // Loaded only when needed: loading it takes as long as loading everything else for the Hub.
  const throughTunnel: FetchLike = async (url, init) => {
    const { createTunnelFetch } = await import("./tunnel-fetch.ts");
    return createTunnelFetch(proxy)(url, init);
  };
  const tunnelFetch = fetch ?? throughTunnel;

  function routeOf(url: string): Route {
    const target = new URL(url);
    const proxyUrl = findProxy(proxy, target);
    return { origin: target.origin, proxy: proxyUrl === undefined ? undefined : maskProxy(proxyUrl) };
  }

  async function send(via: FetchLike, url: string, init: FetchInit): Promise<Response> {
    const response = await via(url, init);
    // Only a proxy sends 407, and only for http targets; for https targets it does not open the tunnel.
    if (response.status !== 407) return response;
    await response.body?.cancel();
    throw proxyRefused(response.status, routeOf(url));
  }

  function longFetch(url: string): FetchLike {
    const target = new URL(url);
    return target.protocol === "https:" && findProxy(proxy, target) !== undefined ? tunnelFetch : plainFetch;
  }

  return {
    short: (url, init) => send(plainFetch, url, init),
    long: (url, init) => send(longFetch(url), url, init),
    async readResponse(response) {
      const retryAfterMs = parseRetryAfter(response.headers.get("retry-after"), now());
      return { status: response.status, retryAfterMs, body: await readJson(response, maxResponseBytes) };
    },
    routeOf,
  };
}

/** Runs an attempt; returns its response, or explains its failure. */
export async function outcomeOf<A>(attempt: () => Promise<A>, route: Route): Promise<Outcome<A>> {
  try {
    return { response: await attempt() };
  } catch (error) {
    return { failure: explainFailure(error, route) };
  }
}
