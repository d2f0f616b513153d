import { type Filters, readPages } from "./pages.ts";
import { isNotFound, isSuccess, unexpectedResponse } from "./responses.ts";
import type { Session } from "./session.ts";
import type { Outbound } from "./transport/outbound.ts";
import type { CallResponse } from "./transport/response.ts";
import { startTimeLimit } from "./transport/time-limit.ts";
import { parseRecord, type Row, readId } from "./wire.ts";

/** Reads the records of the Hub's core service. Each call has one time limit for all its requests together. */
export interface CoreReader {
  /** `undefined` only when the Hub itself says that there is no such record. */
  findRecord(collection: string, id: string): Promise<Row | undefined>;
  /**
   * The result of `read` for the last row that it accepts. `read` must refuse rows that the filter should have kept
   * out.
   */
  findLast<T>(collection: string, filters: Filters, read: (row: Row) => T | undefined): Promise<T | undefined>;
}

export interface CoreReaderOptions {
  readonly coreUrl: string;
  readonly outbound: Outbound;
  readonly session: Session;
  readonly limitMs: number;
}

export function createCoreReader({ coreUrl, outbound, session, limitMs }: CoreReaderOptions): CoreReader {
  function startGet(): (url: string) => Promise<CallResponse> {
    const limit = startTimeLimit(limitMs);
    return (url) => session((headers) => outbound.call({ method: "GET", url, headers, limit }), { limit });
  }

  return {
    async findRecord(collection, id) {
      const url = `${coreUrl}/${collection}/${encodeURIComponent(id)}`;
      const response = await startGet()(url);
      if (isNotFound(response)) return undefined;
      const record = isSuccess(response) ? parseRecord(response.body) : undefined;
      if (record === undefined || readId(record) !== id) throw unexpectedResponse(response, `GET ${url}`);
      return record;
    },

    async findLast<T>(collection: string, filters: Filters, read: (row: Row) => T | undefined) {
      let last: T | undefined;
      for await (const rows of readPages(`${coreUrl}/${collection}`, filters, startGet())) {
        for (const row of rows) last = read(row) ?? last;
      }
      return last;
    },
  };
}
