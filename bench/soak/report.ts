import type { Machine } from "../harness/machine.ts";
import type { Plot } from "../harness/plot.ts";
import { formatFigure } from "../harness/report.ts";
import type { Latencies } from "./records.ts";
import { memorySlope, type Sample } from "./samples.ts";

export interface SoakResult {
  readonly machine: Machine;
  readonly minutes: number;
  readonly rate: number;
  readonly seed: number;
  /** While requests came in. */
  readonly samples: readonly Sample[];
  /** After they had ended. */
  readonly atRest: Sample;
  readonly latencies: readonly Latencies[];
  readonly bytesVerified: number;
  /** What was not as expected, and how often. */
  readonly consoleErrors: Readonly<Record<string, number>>;
}

export function formatSoak(result: SoakResult): string {
  const { machine, minutes, rate, seed, samples, atRest, latencies, bytesVerified, consoleErrors } = result;
  const requests = latencies.reduce((sum, route) => sum + route.requests, 0);
  const first = samples[0] ?? atRest;
  const quarter = samples[Math.floor(samples.length / 4)] ?? atRest;
  const last = samples.at(-1) ?? atRest;
  const row = (name: string, of: (sample: Sample) => number) =>
    `| ${[name, ...[first, quarter, last, atRest].map((sample) => formatFigure(Math.round(of(sample))))].join(" | ")} |`;
  const unexpected = Object.values(consoleErrors).reduce((sum, count) => sum + count, 0);
  return `${minutes} minutes at ${rate} requests a second (seed ${seed}), ${machine.date}, commit ${machine.commit}.
${machine.cpu}, ${machine.cores} cores, ${machine.memoryGib} GiB, Linux ${machine.kernel}, Bun ${machine.bun}.

${requests.toLocaleString("en-US")} requests, ${(bytesVerified / 1e6).toFixed(0)} MB read back and compared, ${unexpected} not as expected.
Slope of the memory over the last three quarters: ${memorySlope(samples).toFixed(1)} MiB an hour.

| | at the start | after a quarter | at the end | at rest again |
|---|---|---|---|---|
${row("resident memory, MiB", ({ memory }) => memory)}
${row("descriptors", ({ descriptors }) => descriptors)}
${row("of them sockets", ({ sockets }) => sockets)}

| ms | requests | p50 | p95 | p99 | max |
|---|---|---|---|---|---|
${latencies.map(formatLatencies).join("\n")}${formatComplaints(consoleErrors)}`;
}

function formatLatencies({ route, requests, p50, p95, p99, max }: Latencies): string {
  return `| ${[route, requests.toLocaleString("en-US"), ...[p50, p95, p99, max].map(formatFigure)].join(" | ")} |`;
}

function formatComplaints(consoleErrors: Readonly<Record<string, number>>): string {
  const lines = Object.entries(consoleErrors).map(([what, count]) => `- ${count} × ${what}`);
  return lines.length === 0 ? "" : `\n\nNot as expected:\n\n${lines.join("\n")}`;
}

export function memoryPlot({ samples }: SoakResult): Plot {
  const points = samples.map(({ seconds, memory }) => [seconds / 60, memory] as const);
  return {
    title: "Resident memory of the service under mixed load",
    xLabel: "minutes",
    yLabel: "MiB",
    series: [{ name: "memory", points }],
    formatX: (x) => String(Number(x.toFixed(1))),
    linearX: true,
  };
}
