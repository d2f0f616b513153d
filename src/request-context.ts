import { AsyncLocalStorage } from "node:async_hooks";
import type { LogFields } from "./log.ts";

/** Lets every log line of a request carry its id, however deep in the code it is written. */
export interface RequestContext {
  run<T>(fields: LogFields, work: () => T): T;
  /** Empty outside of requests. */
  fields(): LogFields;
}

export function createRequestContext(): RequestContext {
  const storage = new AsyncLocalStorage<LogFields>();
  return { run: (fields, work) => storage.run(fields, work), fields: () => storage.getStore() ?? {} };
}
