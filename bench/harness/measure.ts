import { type CpuUse, cpuWhile } from "./cpu.ts";

export interface Figures {
  readonly median: number;
  readonly min: number;
  readonly max: number;
  /** In the order they were measured. */
  readonly values: readonly number[];
}

/** What the work costs a process, per GiB or per 1,000 requests. */
export interface CpuFigures {
  readonly user: Figures;
  readonly system: Figures;
  readonly unit: CpuUnit;
}

export type CpuUnit = "s/GiB" | "ms/1,000";

/** What has to hold of the ratio of the medians, of the service's median alone, or of what the work costs it. */
export interface Goal {
  readonly of: "ratio" | "figure" | "cpu" | "user cpu";
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
  readonly cpu?: CpuFigures | undefined;
  readonly limit?: Figures | undefined;
  readonly limitCpu?: CpuFigures | undefined;
  /** What the limit is. */
  readonly against?: string | undefined;
  readonly goal?: Goal | undefined;
  readonly note?: string | undefined;
}

export const mebibyte = 1024 * 1024;
export const gibibyte = 1024 * mebibyte;

export const ratioAtLeast = (value: number): Goal => ({ of: "ratio", relation: "≥", value });
export const ratioAtMost = (value: number): Goal => ({ of: "ratio", relation: "≤", value });
export const figureAtLeast = (value: number): Goal => ({ of: "figure", relation: "≥", value });
export const figureAtMost = (value: number): Goal => ({ of: "figure", relation: "≤", value });
export const cpuAtMost = (value: number): Goal => ({ of: "cpu", relation: "≤", value });
export const userCpuAtMost = (value: number): Goal => ({ of: "user cpu", relation: "≤", value });

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
  const figure = row.goal && judgedFigure(row, row.goal.of);
  if (row.goal === undefined || figure === undefined) return undefined;
  return row.goal.relation === "≥" ? figure >= row.goal.value : figure <= row.goal.value;
}

function judgedFigure(row: Row, of: Goal["of"]): number | undefined {
  if (of === "ratio") return ratioOf(row);
  if (of === "figure") return row.service?.median;
  return row.cpu && row.cpu.user.median + (of === "cpu" ? row.cpu.system.median : 0);
}

export async function secondsOf(work: () => Promise<unknown>): Promise<number> {
  const startedAt = performance.now();
  await work();
  return (performance.now() - startedAt) / 1000;
}

/** What one turn has shown; what it has cost the process that did it, where that is asked for. */
export interface Turn {
  readonly figure: number;
  readonly cpu?: CpuUse & { readonly unit: CpuUnit };
}

type Measure = () => Promise<number | Turn>;

/** The same measure, with what a GiB costs the process. */
export function perGibibyte(pid: number, bytes: number, measure: () => Promise<number>): () => Promise<Turn> {
  return async () => {
    const { result, use } = await cpuWhile(pid, measure);
    const share = gibibyte / bytes;
    return { figure: result, cpu: { user: use.user * share, system: use.system * share, unit: "s/GiB" } };
  };
}

/** The same measure of requests per second, with what 1,000 of them cost the process. */
export function perThousand(pid: number, measure: () => Promise<number>): () => Promise<Turn> {
  return async () => {
    let rate = 0;
    const { result: seconds, use } = await cpuWhile(pid, () =>
      secondsOf(async () => {
        rate = await measure();
      }),
    );
    const share = 1e6 / (rate * seconds);
    return { figure: rate, cpu: { user: use.user * share, system: use.system * share, unit: "ms/1,000" } };
  };
}

export interface Measured {
  readonly figures: Figures;
  readonly cpu: CpuFigures | undefined;
}

/** Measures one after another in each round, so that whatever else the machine does hits all. */
export async function measureInTurns<M extends readonly Measure[]>(
  rounds: number,
  ...measures: M
): Promise<{ readonly [I in keyof M]: Measured }> {
  const turns = measures.map((): Turn[] => []);
  for (let round = 0; round < rounds; round++) {
    for (const [index, measure] of measures.entries()) {
      const turn = await measure();
      turns[index]?.push(typeof turn === "number" ? { figure: turn } : turn);
    }
  }
  return turns.map(summarizeTurns) as { readonly [I in keyof M]: Measured };
}

function summarizeTurns(turns: readonly Turn[]): Measured {
  const uses = turns.flatMap(({ cpu }) => cpu ?? []);
  const [first] = uses;
  return {
    figures: summarize(turns.map(({ figure }) => figure)),
    cpu: first && {
      user: summarize(uses.map(({ user }) => user)),
      system: summarize(uses.map(({ system }) => system)),
      unit: first.unit,
    },
  };
}

/** The parts of a row that holds one beside the other. */
export function beside(service: Measured, limit: Measured) {
  return { service: service.figures, cpu: service.cpu, limit: limit.figures, limitCpu: limit.cpu };
}

/** Measures service and limit in turns. */
export async function inTurns(rounds: number, service: Measure, limit: Measure) {
  return beside(...(await measureInTurns(rounds, service, limit)));
}

export async function repeated(rounds: number, measure: () => Promise<number>): Promise<Figures> {
  const values: number[] = [];
  for (let round = 0; round < rounds; round++) values.push(await measure());
  return summarize(values);
}
