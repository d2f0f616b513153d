import { useState } from "preact/hooks";
import { formatBytes, formatCount } from "../../format.ts";
import { Plot, type Series } from "../../parts/plot.tsx";
import { type Column, Table } from "../../parts/table.tsx";
import type { Overview, TrafficPeriod, Volume } from "../../wire.ts";

type Unit = keyof Volume;
const formats = { bytes: formatBytes, files: formatCount } as const;
const increments = {
  bytes: Array.from({ length: 60 }, (_, power) => 2 ** power),
  files: Array.from({ length: 12 }, (_, power) => [1, 2, 5].map((step) => step * 10 ** power)).flat(),
} as const;
const flows = [
  { key: "out", label: "Out to the Hub" },
  { key: "in", label: "In from other nodes", isBelow: true },
  { key: "stored", label: "Stored here", isLevel: true },
] as const;

/** Charts of outgoing, incoming and stored files, by hour and by day. */
export function Traffic({ traffic }: { traffic: Overview["traffic"] }) {
  const [unit, setUnit] = useState<Unit>("bytes");
  return (
    <section aria-labelledby="traffic">
      <div class="section-head">
        <h2 id="traffic">Traffic</h2>
        <fieldset class="switch">
          <legend class="unseen">Count</legend>
          {(["bytes", "files"] as const).map((value) => (
            <label key={value}>
              <input type="radio" name="unit" checked={unit === value} onChange={() => setUnit(value)} />
              <span class="option">{value === "bytes" ? "Bytes" : "Files"}</span>
            </label>
          ))}
        </fieldset>
      </div>
      <div class="plots">
        <Chart title="Last 24 hours, by hour" periods={traffic.by_hour} unit={unit} stepSeconds={3_600} />
        <Chart title="Last 30 days, by day (UTC)" periods={traffic.by_day} unit={unit} stepSeconds={86_400} />
      </div>
    </section>
  );
}

interface ChartProps {
  readonly title: string;
  readonly periods: readonly TrafficPeriod[];
  readonly unit: Unit;
  readonly stepSeconds: number;
}

function Chart({ title, periods, unit, stepSeconds }: ChartProps) {
  const [point, setPoint] = useState<number | undefined>();
  const format = formats[unit];
  const pointed = point === undefined ? undefined : periods[point];
  const totals = flows.map(({ key }) => {
    const all = periods.reduce((sum, period) => sum + period[key][unit], 0);
    return pointed === undefined ? all : pointed[key][unit];
  });
  const series: Series[] = flows.map(({ key, label, ...rest }) => {
    return { ...rest, label, colour: key, values: periods.map((period) => period[key][unit]) };
  });
  const words = flows.map(({ label }, index) => `${label}: ${format(totals[index] ?? 0)}`).join("; ");
  return (
    <figure class="chart">
      <figcaption>
        <span>{title}</span>
        <span class="quiet numbers">
          {pointed === undefined ? "in all" : describeStart(pointed.start, stepSeconds)}
        </span>
      </figcaption>
      <ul class="legend">
        {flows.map(({ key, label }, index) => (
          <li key={key} class={key}>
            {label} <strong class="numbers">{format(totals[index] ?? 0)}</strong>
          </li>
        ))}
      </ul>
      <Plot
        label={`${title}. ${words}`}
        starts={periods.map(({ start }) => Date.parse(start) / 1000)}
        series={series}
        stepSeconds={stepSeconds}
        format={format}
        increments={increments[unit]}
        onPoint={setPoint}
      />
      <details>
        <summary>Figures</summary>
        <Figures title={title} periods={periods} stepSeconds={stepSeconds} />
      </details>
    </figure>
  );
}

function Figures({ title, periods, stepSeconds }: Omit<ChartProps, "unit">) {
  const columns: Column<TrafficPeriod>[] = [
    { title: "From", isWide: true, cell: ({ start }) => describeStart(start, stepSeconds) },
    ...flows.flatMap(({ key, label }): Column<TrafficPeriod>[] => [
      { title: `${label}, files`, isNumber: true, cell: (period) => formatCount(period[key].files) },
      { title: `${label}, bytes`, isNumber: true, cell: (period) => formatBytes(period[key].bytes) },
    ]),
  ];
  const busy = periods.filter((period) => flows.some(({ key }) => period[key].files > 0)).reverse();
  if (busy.length === 0) return <p class="quiet">Nothing has gone through this node in this time.</p>;
  return <Table caption={title} columns={columns} items={busy} keyOf={({ start }) => start} />;
}

function describeStart(start: string, stepSeconds: number): string {
  if (stepSeconds >= 86_400) return start.slice(0, 10);
  const date = new Date(start);
  return date.toLocaleString("en-GB", { weekday: "short", hour: "2-digit", minute: "2-digit" });
}
