export interface Figures {
  readonly median: number;
  readonly min: number;
  readonly max: number;
  /** In the order they were measured. */
  readonly values: readonly number[];
}

/** What has to hold of the ratio of the medians, or of the service's median alone. */
export interface Goal {
  readonly of: "ratio" | "figure";
  readonly relation: "≥" | "≤";
  readonly value: number;
}

export interface Row {
  /** The group of rows it is measured with. */
  readonly group: string;
  readonly work: string;
  readonly unit: string;
  /** Undefined when it could not be measured; the note says why. */
  readonly service: Figures | undefined;
  readonly limit?: Figures | undefined;
  /** What the limit is. */
  readonly against?: string | undefined;
  readonly goal?: Goal | undefined;
  readonly note?: string | undefined;
}

export const mebibyte = 1024 * 1024;

export const ratioAtLeast = (value: number): Goal => ({ of: "ratio", relation: "≥", value });
export const ratioAtMost = (value: number): Goal => ({ of: "ratio", relation: "≤", value });
export const figureAtMost = (value: number): Goal => ({ of: "figure", relation: "≤", value });

export function summarize(values: readonly number[]): Figures {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (index: number) => sorted[index] ?? Number.NaN;
  return { median: at(Math.floor((sorted.length - 1) / 2)), min: at(0), max: at(sorted.length - 1), values };
}

export function ratioOf({ service, limit }: Row): number | undefined {
  return service === undefined || limit === undefined ? undefined : service.median / limit.median;
}

/** Undefined where there is no goal, or nothing to hold against it. */
export function isMet(row: Row): boolean | undefined {
  const figure = row.goal?.of === "ratio" ? ratioOf(row) : row.service?.median;
  if (row.goal === undefined || figure === undefined) return undefined;
  return row.goal.relation === "≥" ? figure >= row.goal.value : figure <= row.goal.value;
}

export async function secondsOf(work: () => Promise<unknown>): Promise<number> {
  const startedAt = performance.now();
  await work();
  return (performance.now() - startedAt) / 1000;
}

type Measure = () => Promise<number>;

/** Measures service and limit in turns, so that whatever else the machine does hits both. */
export async function inTurns(rounds: number, service: Measure, limit: Measure) {
  const [ours, theirs]: [number[], number[]] = [[], []];
  for (let round = 0; round < rounds; round++) {
    ours.push(await service());
    theirs.push(await limit());
  }
  return { service: summarize(ours), limit: summarize(theirs) };
}

export async function repeated(rounds: number, measure: Measure): Promise<Figures> {
  const values: number[] = [];
  for (let round = 0; round < rounds; round++) values.push(await measure());
  return summarize(values);
}
