import { HubProblemError } from "./errors.ts";
import { type Resource, type Row, type RowTest, spellKey } from "./resources.ts";
import type { HubGeneration, HubState } from "./state.ts";

export const MAX_PAGE = 50;
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

export interface Page {
  readonly rows: Row[];
  readonly total: number;
  readonly limit: number;
  readonly offset: number;
}

export function assertUuid(value: string): void {
  if (!UUID.test(value)) throw new HubProblemError({ kind: "bad-uuid", value });
}

/** Filters, sorts and pages the rows as the Hub does: it silently ignores what it does not understand. */
export function queryRows(
  state: HubState,
  resource: Resource,
  parameters: URLSearchParams,
  generation: HubGeneration,
): Page {
  const found = sortRows(
    resource.rows(state, readFilters(resource, parameters, generation)),
    resource,
    parameters.get("sort"),
    generation,
  );
  const limit = readCount(parameters.get("page[limit]"), MAX_PAGE, MAX_PAGE);
  const offset = readCount(parameters.get("page[offset]"), 0, Number.MAX_SAFE_INTEGER);
  return { rows: found.slice(offset, offset + limit), total: found.length, limit, offset };
}

function readCount(text: string | null, fallback: number, max: number): number {
  const value = Number(text ?? fallback);
  return Number.isInteger(value) && value >= 0 ? Math.min(value, max) : fallback;
}

function readFilters(resource: Resource, parameters: URLSearchParams, generation: HubGeneration): RowTest[] {
  const keys = [...parameters.keys()].flatMap((key) => /^filter\[(\w+)\]$/.exec(key)?.[1] ?? []);
  const known = resource.filters.filter((column) => keys.includes(spellKey(column, generation)));
  // A 2025 Hub fails if all filter keys are in camelCase.
  if (generation === "2025" && known.length === 0 && keys.length > 0 && keys.every((key) => /[A-Z]/.test(key))) {
    throw new HubProblemError({ kind: "bad-filter" });
  }
  return known.map((column) => {
    const value = parameters.get(`filter[${spellKey(column, generation)}]`) ?? "";
    return rowTest(column, value, generation === "2026");
  });
}

/** A filter's value may start with an operator: `!` not, `~` like, `<` `<=` `>` `>=`. Commas make a list. */
function rowTest(column: string, value: string, ignoreCase: boolean): RowTest {
  const [, operator = "", rest = ""] = /^(!~|!|~|<=|>=|<|>)?(.*)$/s.exec(value) ?? [];
  const isId = column === "id" || column.endsWith("Id");
  const fold = (text: string) => (ignoreCase || isId ? text.toLowerCase() : text);
  const operands = rest.split(",").map(fold);
  if (isId) operands.forEach(assertUuid);
  const matches = (cell: string, operand: string): boolean => {
    if (operator.endsWith("~")) return cell.includes(operand);
    if (operator === "<") return cell < operand;
    if (operator === "<=") return cell <= operand;
    if (operator === ">") return cell > operand;
    if (operator === ">=") return cell >= operand;
    return cell === operand;
  };
  return (cellOf) => {
    const cell = cellOf(column);
    if (cell === null || cell === undefined) return false;
    const found = operands.some((operand) => matches(fold(String(cell)), operand));
    return operator.startsWith("!") ? !found : found;
  };
}

function sortRows(rows: Row[], resource: Resource, sort: string | null, generation: HubGeneration): Row[] {
  const descending = sort?.startsWith("-") ?? false;
  const key = descending ? sort?.slice(1) : sort;
  const column = resource.sorts.find((name) => spellKey(name, generation) === key);
  if (column === undefined) return rows;
  const direction = descending ? -1 : 1;
  return rows.toSorted((a, b) => direction * String(a[column]).localeCompare(String(b[column])));
}
