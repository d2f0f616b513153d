import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Machine } from "./machine.ts";
import { type CpuFigures, type Figures, type Goal, isMet, type Row, ratioOf } from "./measure.ts";

/** A row with when and on what it was measured. */
export interface MeasuredRow extends Row {
  readonly ratio: number | undefined;
  readonly met: boolean | undefined;
  readonly measured: { readonly date: string; readonly commit: string };
}

export interface Results {
  readonly machine: Machine;
  readonly rows: readonly MeasuredRow[];
}

const folder = join(import.meta.dir, "..");
const resultsFile = join(folder, "results.json");

export function describeRow(row: Row, { date, commit }: Machine): MeasuredRow {
  return { ...row, ratio: ratioOf(row), met: isMet(row), measured: { date, commit } };
}

/** Figures with as many digits as mean something. */
export function formatFigure(value: number): string {
  if (!Number.isFinite(value)) return "–";
  if (Number.isInteger(value)) return value.toLocaleString("en-US");
  const magnitude = Math.abs(value);
  if (magnitude >= 100) return Math.round(value).toLocaleString("en-US");
  return magnitude >= 10 ? value.toFixed(1) : value.toPrecision(magnitude >= 1 || magnitude === 0 ? 3 : 2);
}

function formatFigures(figures: Figures | undefined, unit: string): string {
  if (figures === undefined) return "–";
  const { median, min, max, values } = figures;
  const spread = values.length === 1 ? " (once)" : ` (${formatFigure(min)}–${formatFigure(max)})`;
  return `${formatFigure(median)}${spread} ${unit}`.trimEnd();
}

function formatCpu(cpu: CpuFigures | undefined): string {
  if (cpu === undefined) return "–";
  const { user, system, unit } = cpu;
  return `${formatFigure(user.median)} + ${formatFigure(system.median)} ${unit}`;
}

function formatGoal({ of, relation, value }: Goal, { unit, cpu }: Row): string {
  const goal = `${relation} ${formatFigure(value)}`;
  if (of === "ratio") return goal;
  if (of === "figure") return `${goal} ${unit}`.trimEnd();
  return `${goal} ${cpu?.unit ?? ""} ${of === "cpu" ? "in all" : "of its own"}`;
}

export function formatRow(row: MeasuredRow): string {
  const { work, unit, service, cpu, limit, limitCpu, against, goal, note, ratio, met, measured } = row;
  const cells = [
    note === undefined ? work : `${work}<br>${note}`,
    formatFigures(service, unit),
    formatCpu(cpu),
    formatFigures(limit, unit),
    formatCpu(limitCpu),
    against ?? "–",
    ratio === undefined ? "–" : ratio.toFixed(2),
    goal === undefined ? "–" : formatGoal(goal, row),
    met === undefined ? "–" : met ? "yes" : "**no**",
    measured.date.slice(5, 10),
  ];
  return `| ${cells.join(" | ")} |`;
}

const columns = [
  "work",
  "service, median (min–max)",
  "its processor time, own + kernel's",
  "limit, median (min–max)",
  "the limit's",
  "the limit is",
  "ratio",
  "goal",
  "met",
  "on",
];

export function formatTable(rows: readonly MeasuredRow[]): string {
  return [`| ${columns.join(" | ")} |`, `|${"---|".repeat(columns.length)}`, ...rows.map(formatRow)].join("\n");
}

function formatResults({ machine, rows }: Results): string {
  const { date, cpu, cores, memoryGib, kernel, bun } = machine;
  const sources = [
    ...new Set(rows.map(({ measured }) => `${measured.date.slice(0, 10)} at commit ${measured.commit}`)),
  ];
  const platform = `${cpu}, ${cores} cores, ${memoryGib} GiB, Linux ${kernel}, Bun ${bun}`;
  return `Measured ${sources.join(" and ")}; last on ${date}.\n${platform}.\n\n${formatTable(rows)}`;
}

/** Rows measured anew take the place of their groups; the others stay as they were. */
export async function mergeResults(
  machine: Machine,
  fresh: readonly MeasuredRow[],
  order: readonly string[],
): Promise<Results> {
  const known: readonly MeasuredRow[] = existsSync(resultsFile) ? (await Bun.file(resultsFile).json()).rows : [];
  const groups = new Set(fresh.map(({ group }) => group));
  const kept = known.filter(({ group }) => !groups.has(group) && order.includes(group));
  const rows = [...kept, ...fresh].toSorted((a, b) => order.indexOf(a.group) - order.indexOf(b.group));
  return { machine, rows };
}

export async function writeResults(results: Results): Promise<void> {
  await Bun.write(resultsFile, `${JSON.stringify(results, undefined, 2)}\n`);
  await rewriteBetween(join(folder, "README.md"), "results", formatResults(results));
}

/** Puts a text between `<!-- NAME:begin -->` and `<!-- NAME:end -->`. */
export async function rewriteBetween(file: string, name: string, text: string): Promise<void> {
  const [begin, end] = [`<!-- ${name}:begin -->`, `<!-- ${name}:end -->`];
  const old = await Bun.file(file).text();
  const [start, stop] = [old.indexOf(begin), old.indexOf(end)];
  if (start === -1 || stop < start) throw new Error(`${file} has no ${begin} … ${end}`);
  await Bun.write(file, `${old.slice(0, start + begin.length)}\n${text}\n${old.slice(stop)}`);
}
