import { useEffect, useState } from "preact/hooks";
import { type Query, useApi } from "./api.ts";
import { type Polled, usePolling } from "./polling.ts";
import type { List } from "./wire.ts";

export interface Paged<T> extends Polled<List<T>> {
  /** 0 for the first page. */
  readonly page: number;
  readonly limit: number;
  readonly next: (() => void) | undefined;
  readonly previous: (() => void) | undefined;
}

export const pageLimit = 50;

/** A list of the API, page by page. Cursors only lead forward, so the hook keeps earlier ones for the way back. */
export function usePaging<T>(path: string, query: Query, everyMs: number): Paged<T> {
  const api = useApi();
  const filter = JSON.stringify([path, query]);
  const [trail, setTrail] = useState<{ filter: string; cursors: readonly string[] }>({ filter, cursors: [] });
  const cursors = trail.filter === filter ? trail.cursors : [];
  const cursor = cursors.at(-1);
  const polled = usePolling<List<T>>(
    `${filter} ${cursor}`,
    () => api.get(path, { ...query, cursor, limit: String(pageLimit) }),
    everyMs,
  );
  const isGone = polled.data?.items.length === 0 && cursors.length > 0;

  // If this page has become empty meanwhile, go back to the first page.
  useEffect(() => {
    if (isGone) setTrail({ filter, cursors: [] });
  }, [isGone, filter]);

  const following = polled.data?.next_cursor ?? undefined;
  const go = (to: readonly string[]) => () => setTrail({ filter, cursors: to });
  return {
    ...polled,
    page: cursors.length,
    limit: pageLimit,
    next: following === undefined ? undefined : go([...cursors, following]),
    previous: cursors.length === 0 ? undefined : go(cursors.slice(0, -1)),
  };
}
