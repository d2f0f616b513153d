import { AsyncLocalStorage } from "node:async_hooks";
import type { LogFields } from "./log.ts";

/** What a request was sent with that concerns everything done for it. */
export interface RequestFacts {
  readonly requestId: string;
  /** The caller's `traceparent` header, if it was a valid one. */
  readonly traceparent?: string | undefined;
}

/** Lets every log line of a request carry its id, however deep in the code it is written. */
export interface RequestContext {
  run<T>(facts: RequestFacts, work: () => T): T;
  /** Names who sent the request, once that is known; all its lines bear it from then on. */
  identify(user: string): void;
  /** For log lines; empty outside of requests. */
  fields(): LogFields;
  traceparent(): string | undefined;
  requestId(): string | undefined;
}

export function createRequestContext(): RequestContext {
  const storage = new AsyncLocalStorage<RequestFacts & { fields: LogFields }>();
  return {
    run({ requestId, traceparent }, work) {
      const traceId = traceparent === undefined ? {} : { trace_id: traceparent.split("-")[1] };
      return storage.run({ fields: { requestId, ...traceId }, requestId, traceparent }, work);
    },
    identify(user) {
      const facts = storage.getStore();
      if (facts !== undefined) facts.fields = { ...facts.fields, user };
    },
    fields: () => storage.getStore()?.fields ?? {},
    traceparent: () => storage.getStore()?.traceparent,
    requestId: () => storage.getStore()?.requestId,
  };
}

/** The header's value if it is valid by W3C Trace Context, level 1, §3.2; a later version's is cut to what is known. */
export function parseTraceparent(header: string | undefined): string | undefined {
  const known = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}(?=-|$)/.exec(header ?? "");
  if (known === null) return undefined;
  const [value, version = "", traceId = "", parentId = ""] = known;
  const isWhole = version !== "00" || value === header;
  return isWhole && version !== "ff" && !/^0+$/.test(traceId) && !/^0+$/.test(parentId) ? value : undefined;
}
