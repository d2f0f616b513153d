import { AsyncLocalStorage } from "node:async_hooks";
import type { LogFields } from "./log.ts";

/** Facts about a request that all work for it needs. */
export interface RequestFacts {
  readonly requestId: string;
  /** The caller's `traceparent` header, if it was a valid one. */
  readonly traceparent?: string | undefined;
}

/** Gives every log line of a request its id, without passing the id through the code. */
export interface RequestContext {
  run<T>(facts: RequestFacts, work: () => T): T;
  /** Names the sender of the request. All later log lines of the request carry the name. */
  identify(user: string): void;
  /** The fields for log lines; empty outside of requests. */
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

/** The header's value if valid (W3C Trace Context, level 1, §3.2). A later version's value is cut to the known fields. */
export function parseTraceparent(header: string | undefined): string | undefined {
  const known = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}(?=-|$)/.exec(header ?? "");
  if (known === null) return undefined;
  const [value, version = "", traceId = "", parentId = ""] = known;
  const isWhole = version !== "00" || value === header;
  return isWhole && version !== "ff" && !/^0+$/.test(traceId) && !/^0+$/.test(parentId) ? value : undefined;
}
