import type { ComponentChildren } from "preact";
import { formatCount } from "../format.ts";
import type { Paged } from "../paging.ts";
import { Problem } from "./problem.tsx";
import { type Column, Table } from "./table.tsx";

interface PagedTableProps<T> {
  readonly list: Paged<T>;
  readonly caption: string;
  readonly columns: readonly Column<T>[];
  keyOf(item: T): string;
  /** Shown if the list is empty. */
  readonly empty: ComponentChildren;
}

export function PagedTable<T>({ list, caption, columns, keyOf, empty }: PagedTableProps<T>) {
  const { data, error, refresh } = list;
  return (
    <>
      {error && <Problem error={error} onRetry={refresh} />}
      {data === undefined && error === undefined && <p class="quiet loading">Loading …</p>}
      {data?.items.length === 0 && empty}
      {data !== undefined && data.items.length > 0 && (
        <>
          <Table caption={caption} columns={columns} items={data.items} keyOf={keyOf} />
          <Pager list={list} of={caption} shown={data.items.length} total={data.total} />
        </>
      )}
    </>
  );
}

interface PagerProps<T> {
  readonly list: Paged<T>;
  /** What the list contains, for screen readers. */
  readonly of: string;
  readonly shown: number;
  readonly total: number;
}

export function Pager<T>({ list, of, shown, total }: PagerProps<T>) {
  const { page, limit, next, previous } = list;
  const first = page * limit + 1;
  return (
    <nav class="pager" aria-label={`Pages of ${of}`}>
      <p>
        <span class="numbers">
          {formatCount(first)}–{formatCount(first + shown - 1)}
        </span>{" "}
        of <span class="numbers">{formatCount(total)}</span>
      </p>
      {(previous ?? next) && (
        <>
          <button type="button" disabled={previous === undefined} onClick={previous}>
            Previous
          </button>
          <button type="button" disabled={next === undefined} onClick={next}>
            Next
          </button>
        </>
      )}
    </nav>
  );
}
