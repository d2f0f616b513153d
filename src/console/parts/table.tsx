import type { ComponentChildren } from "preact";

export interface Column<T> {
  readonly title: string;
  /** Numbers are aligned right, so that their digits line up. */
  readonly isNumber?: boolean;
  /** The column takes the width that the others leave. */
  readonly isWide?: boolean;
  /** A column of buttons, whose title only screen readers read. */
  readonly isActions?: boolean;
  cell(item: T): ComponentChildren;
}

interface TableProps<T> {
  /** For screen readers. */
  readonly caption: string;
  readonly columns: readonly Column<T>[];
  readonly items: readonly T[];
  keyOf(item: T): string;
}

/** On a phone every row becomes a card. The roles are explicit because that CSS layout removes a table's own roles. */
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
