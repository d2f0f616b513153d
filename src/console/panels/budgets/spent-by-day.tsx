import { useState } from "preact/hooks";
import { useApi } from "../../api.ts";
import { formatMany } from "../../format.ts";
import { Plot } from "../../parts/plot.tsx";
import { Problem } from "../../parts/problem.tsx";
import { type Column, Table } from "../../parts/table.tsx";
import { usePolling } from "../../polling.ts";
import { linkTo } from "../../routing.ts";
import type { ProjectBudgetDetail, SpentDay } from "../../wire-decisions.ts";

const refreshMs = 15_000;
const increments = Array.from({ length: 30 }, (_, power) => [1, 2, 5].map((step) => step * 10 ** (power - 12))).flat();
const format = (epsilon: number) => String(Number(epsilon.toPrecision(3)));

const columns: readonly Column<SpentDay>[] = [
  { title: "Day (UTC)", isWide: true, cell: ({ start }) => start.slice(0, 10) },
  { title: "Releases", isNumber: true, cell: ({ releases }) => releases },
  { title: "Spent", isNumber: true, cell: ({ epsilon }) => epsilon },
];

/** The privacy budget that a project spent each day. */
export function SpentByDay({ projectId }: { projectId: string }) {
  const api = useApi();
  const path = `budgets/${encodeURIComponent(projectId)}`;
  const { data, error, refresh } = usePolling<ProjectBudgetDetail>(path, () => api.get(path), refreshMs);
  const [point, setPoint] = useState<number | undefined>();
  if (error !== undefined) return <Problem error={error} onRetry={refresh} />;
  if (data === undefined) return <p class="quiet loading">Loading …</p>;
  const days = data.by_day;
  const day = point === undefined ? undefined : days[point];
  const busy = days.filter(({ releases }) => releases > 0).reverse();
  return (
    <figure class="chart">
      <figcaption>
        <span>
          Spent by day, project <code>{projectId}</code>
        </span>
        <span class="quiet numbers">
          {day === undefined
            ? "last 30 days"
            : `${day.start.slice(0, 10)}: ${day.epsilon}, ${formatMany(day.releases, "release")}`}
        </span>
        <a href={linkTo("budgets")}>Close</a>
      </figcaption>
      {days.length > 0 && (
        <Plot
          label={`Spent by day. ${formatMany(data.releases, "release")}, ${data.epsilon_spent} spent in all.`}
          starts={days.map(({ start }) => Date.parse(start) / 1000)}
          series={[{ label: "Spent", colour: "in", values: days.map(({ epsilon }) => Number(epsilon)) }]}
          stepSeconds={86_400}
          format={format}
          increments={increments}
          onPoint={setPoint}
        />
      )}
      {busy.length > 0 ? (
        <details>
          <summary>Figures</summary>
          <Table caption="Spent by day" columns={columns} items={busy} keyOf={({ start }) => start} />
        </details>
      ) : (
        <p class="quiet">It has released nothing with noise in the last 30 days.</p>
      )}
    </figure>
  );
}
