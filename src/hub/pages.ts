import { AppError } from "../errors.ts";
import { isSuccess, unexpectedResponse } from "./responses.ts";
import type { CallResponse } from "./transport/response.ts";
import { filterQuery, PAGE_ROWS, parsePage, type Row, readId } from "./wire.ts";

/** Far more than a bucket has files. */
const mostRows = 1_000_000;

export type Filters = readonly (readonly [snakeKey: string, value: string])[];

/** The rows of a filtered list, page by page. A Hub may have ignored the filter, so the caller must check every row. */
export async function* readPages(
  url: string,
  filters: Filters,
  get: (url: string) => Promise<CallResponse>,
  maxRows = mostRows,
): AsyncGenerator<readonly Row[], void, void> {
  const known = new Set<string>();
  for (let offset = 0; known.size < maxRows; ) {
    const response = await get(`${url}?${filterQuery(filters, offset)}`);
    const page = isSuccess(response) ? parsePage(response.body) : undefined;
    if (page === undefined) throw unexpectedResponse(response, `GET ${url}`);
    yield page.rows;
    const knownBefore = known.size;
    for (const row of page.rows) known.add(readId(row) ?? JSON.stringify(row));
    // A Hub that returns the same page for every offset would be asked forever.
    if (known.size === knownBefore) return;
    offset += page.rows.length;
    // More rows may follow a full page, even if the total says that there are none.
    if (offset >= page.total && page.rows.length < PAGE_ROWS) return;
  }
  throw new AppError("hub_unexpected", "Hub returned an unexpected response (200)", {
    upstream: { status: 200 },
    operatorDetail: `GET ${url} lists more than ${maxRows} rows`,
  });
}
