import type { ComponentChildren } from "preact";

export interface Column<T> {
  readonly title: string;
  /** Numbers stand at the end, so that their digits are below each other. */
  readonly isNumber?: boolean;
  /** It takes what the others leave. */
  readonly isWide?: boolean;
  /** Buttons, whose column needs no title to be seen. */
  readonly isActions?: boolean;
  cell(item: T): ComponentChildren;
}

interface TableProps<T> {
  /** For those who do not see it. */
  readonly caption: string;
  readonly columns: readonly Column<T>[];
  readonly items: readonly T[];
  keyOf(item: T): string;
}

/** On a phone every row becomes a card; the roles are named, as layout would take them away there. */
export function Table<T>({ caption, columns, items, keyOf }: TableProps<T>) {
  return (
    // biome-ignore-start lint/a11y/noRedundantRoles: see above
    // biome-ignore-start lint/a11y/useSemanticElements: see above
    <table role="table">
      <caption class="unseen">{caption}</caption>
      <thead role="rowgroup">
        <tr role="row">
          {columns.map(({ title, isActions, ...column }) => (
            <th key={title} role="columnheader" scope="col" class={classOf(column)}>
              <span class={isActions ? "unseen" : undefined}>{title}</span>
            </th>
          ))}
        </tr>
      </thead>
      <tbody role="rowgroup">
        {items.map((item) => (
          <tr key={keyOf(item)} role="row">
            {columns.map((column) => (
              <td
                key={column.title}
                role="cell"
                class={column.isActions ? "actions" : classOf(column)}
                data-label={column.isActions ? undefined : column.title}
              >
                {column.cell(item)}
              </td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
    // biome-ignore-end lint/a11y/noRedundantRoles: see above
    // biome-ignore-end lint/a11y/useSemanticElements: see above
  );
}

function classOf({ isNumber, isWide }: { isNumber?: boolean; isWide?: boolean }): string | undefined {
  if (isNumber) return "number";
  return isWide ? "wide" : undefined;
}
