import type { Postgres } from "../database/postgres-connection.ts";
import type { Sqlite } from "../database/sqlite-connection.ts";
import { AppError, type ErrorCode } from "../errors.ts";
import type { Outbound } from "../hub/transport/outbound.ts";
import type { CallResponse } from "../hub/transport/response.ts";
import type { ObjectStore } from "../objects/object-store.ts";
import type { Dependency, FinishedCall, Metrics } from "./metrics.ts";

/** Makes a call, and records its duration and outcome. */
export type ObserveCall = <T>(
  dependency: Dependency,
  operation: string,
  work: () => Promise<T>,
  hasFailed?: (value: T) => boolean,
) => Promise<T>;

/** Errors of a call that are not the dependency's fault. */
const notTheirs: ReadonlySet<ErrorCode> = new Set([
  "client_gone",
  "client_too_slow",
  "too_large",
  "over_quota",
  "invalid_form",
  "invalid_input",
  "shutting_down",
]);

/** `now` is in milliseconds and never goes back. */
export function createObserveCall(metrics: Pick<Metrics, "calling">, now: () => number): ObserveCall {
  return async (dependency, operation, work, hasFailed = () => false) => {
    const end = metrics.calling(dependency);
    const start = now();
    const finish = (outcome: FinishedCall["outcome"]) => end({ operation, outcome, seconds: (now() - start) / 1000 });
    try {
      const value = await work();
      finish(hasFailed(value) ? "failed" : "ok");
      return value;
    } catch (error) {
      finish(error instanceof AppError && notTheirs.has(error.code) ? "cancelled" : "failed");
      throw error;
    }
  };
}

export interface HubUrls {
  readonly authUrl: string;
  readonly coreUrl: string;
  readonly storageUrl: string;
}

/** Records every request to the Hub under the service that it goes to. A download ends with its first byte. */
export function observeOutbound(outbound: Outbound, { authUrl, coreUrl, storageUrl }: HubUrls, observe: ObserveCall) {
  const services: readonly (readonly [Dependency, string])[] = [
    ["hub_auth", authUrl],
    ["hub_core", coreUrl],
    ["hub_storage", storageUrl],
  ];
  // One base URL may be a prefix of another, so the longest match counts.
  const byLength = services.toSorted(([, a], [, b]) => b.length - a.length);

  function targetOf(url: string): readonly [Dependency, string] {
    const [dependency, base] = byLength.find(([, base]) => url.startsWith(`${base}/`)) ?? (["hub_core", ""] as const);
    const [, collection = ""] = /^\/([a-z-]+)/.exec(url.slice(base.length)) ?? [];
    return [dependency, collection];
  }
  const hasFailed = ({ status }: CallResponse) => status >= 400 && status !== 404;

  return {
    call(request) {
      const [dependency, collection] = targetOf(request.url);
      return observe(dependency, `${request.method} ${collection}`, () => outbound.call(request), hasFailed);
    },
    upload: (request) => observe(targetOf(request.url)[0], "upload", () => outbound.upload(request), hasFailed),
    download: (request) => observe(targetOf(request.url)[0], "download", () => outbound.download(request), hasFailed),
  } satisfies Outbound;
}

/**
 * Records calls to the object store, except listings, because these are streamed. Opening an object counts until it is
 * open, without the read of its bytes.
 */
export function observeObjectStore(store: ObjectStore, observe: ObserveCall): ObjectStore {
  const call = <T>(operation: string, work: () => Promise<T>) => observe("object_store", operation, work);
  return {
    ...store,
    put: (...args) => call("put", () => store.put(...args)),
    stat: (...args) => call("stat", () => store.stat(...args)),
    open: (...args) => call("open", () => store.open(...args)),
    remove: (...args) => call("remove", () => store.remove(...args)),
    removeAll: (...args) => call("removeAll", () => store.removeAll(...args)),
    sweepUnfinished: (...args) => call("sweepUnfinished", () => store.sweepUnfinished(...args)),
    check: (...args) => call("check", () => store.check(...args)),
  };
}

export function observePostgres(postgres: Postgres, observe: ObserveCall): Postgres {
  return {
    run: (work, options) => observe("database", "run", () => postgres.run(work, options)),
    close: () => postgres.close(),
  };
}

export function observeSqlite(sqlite: Sqlite, observe: ObserveCall): Sqlite {
  return {
    run: (work) => observe("database", "run", () => sqlite.run(work)),
    close: () => sqlite.close(),
  };
}

export type FetchKeys = (url: string, init: RequestInit) => Promise<Response>;

export function observeKeyFetch(fetchKeys: FetchKeys, observe: ObserveCall): FetchKeys {
  return (url, init) =>
    observe(
      "jwks",
      "GET",
      () => fetchKeys(url, init),
      ({ status }) => status !== 200,
    );
}
