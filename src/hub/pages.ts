import { isSuccess, unexpectedResponse } from "./responses.ts";
import type { CallResponse } from "./transport/response.ts";
import { filterQuery, parsePage, type Row } from "./wire.ts";

export type Filters = readonly (readonly [snakeKey: string, value: string])[];

/**
 * The rows of a filtered list, page by page. A Hub may have dropped the filter, so every row has still to be judged by whoever
 * reads it.
 */
export async function* readPages(
  url: string,
  filters: Filters,
  get: (url: string) => Promise<CallResponse>,
): AsyncGenerator<readonly Row[], void, void> {
  for (let offset = 0; ; ) {
    const response = await get(`${url}?${filterQuery(filters, offset)}`);
    const page = isSuccess(response) ? parsePage(response.body) : undefined;
    if (page === undefined) throw unexpectedResponse(response, `GET ${url}`);
    yield page.rows;
    offset += page.rows.length;
    if (page.rows.length === 0 || offset >= page.total) return;
  }
}
