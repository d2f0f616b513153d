import { useState } from "preact/hooks";
import { formatBytes, formatCount, formatMany } from "../format.ts";
import { usePaging } from "../paging.ts";
import type { Panel, PanelProps } from "../panel.ts";
import { Badge } from "../parts/badge.tsx";
import { Copyable } from "../parts/copyable.tsx";
import { Empty } from "../parts/empty.tsx";
import { Fact } from "../parts/facts.tsx";
import { Meter } from "../parts/meter.tsx";
import { PagedTable } from "../parts/paged-table.tsx";
import { PanelHead } from "../parts/panel-head.tsx";
import { Plot } from "../parts/plot.tsx";
import type { Column } from "../parts/table.tsx";
import { linkTo } from "../routing.ts";
import type { List } from "../wire.ts";
import type { ProjectUsage, Usage } from "../wire-decisions.ts";
import { WhatGoes } from "./projects/what-goes.tsx";

export const projectsPanel: Panel = { id: "projects", title: "Projects", View: ProjectsView };

const refreshMs = 30_000;
const increments = Array.from({ length: 60 }, (_, power) => 2 ** power);

function ProjectsView({ query: { project_id: projectId, view } }: PanelProps) {
  const list = usePaging<ProjectUsage>("usage", {}, refreshMs);
  const usage = list.data === undefined ? undefined : (list.data as List<ProjectUsage> as Usage);
  const largest = Math.max(1, ...(usage?.items.map(({ bytes }) => bytes) ?? []));
  return (
    <>
      <PanelHead title="Projects" polled={list} />
      <p class="lead">Local results on this node by project, the largest first, and what the rules will remove.</p>
      {usage?.listing && (
        <p class="hint">
          The store is being listed for the first time, {formatMany(usage.listing.objects, "object")} so far; sums grow
          until it is done.
        </p>
      )}
      {usage && (
        <div class="tiles">
          <Node node={usage.node} />
          <Growth days={usage.days} />
        </div>
      )}
      <PagedTable
        list={list}
        caption="Projects"
        columns={columnsOf(largest)}
        keyOf={({ project_id }) => project_id}
        empty={
          <Empty title="No project has stored anything yet">
            Each one appears here with its first local result (<code>PUT /local</code>).
          </Empty>
        }
      />
      {view === "goes" ? (
        <WhatGoes projectId={projectId} />
      ) : (
        <p>
          <a href={linkTo("projects", { view: "goes" })}>Show what will go, and when</a>
        </p>
      )}
    </>
  );
}

function Node({ node }: { node: Usage["node"] }) {
  const { bytes, objects, projects, reserved_bytes: reserved, waiting_bytes: waiting, quota_bytes: quota } = node;
  const used = bytes + reserved + waiting;
  return (
    <section class="tile" aria-labelledby="node">
      <h2 id="node">This node</h2>
      <p class="figure">
        {formatBytes(bytes)} <small>in {formatMany(objects, "object")}</small>
      </p>
      {quota !== null && (
        <Meter isLimit share={used / quota} label={`${formatBytes(used)} of ${formatBytes(quota)} used`} />
      )}
      <dl class="facts">
        <Fact name="Projects">{formatCount(projects)}</Fact>
        <Fact name="Finals that wait">{formatBytes(waiting)}</Fact>
        <Fact name="Uploads under way">{formatBytes(reserved)}</Fact>
        <Fact name="Quota">{quota === null ? "none" : formatBytes(quota)}</Fact>
      </dl>
    </section>
  );
}

function Growth({ days }: { days: Usage["days"] }) {
  const [point, setPoint] = useState<number | undefined>();
  const last = days.at(-1);
  const day = (point === undefined ? undefined : days[point]) ?? last;
  return (
    <figure class="chart wide-tile">
      <figcaption>
        <span>At the end of each day (UTC)</span>
        {day && (
          <span class="quiet numbers">
            {day.day}: {formatBytes(day.bytes)} in {formatMany(day.objects, "object")}
          </span>
        )}
      </figcaption>
      {last === undefined ? (
        <p class="quiet">
          How it grows is kept from the time on when a rule or a quota is set: <code>QUOTA__PROJECT_BYTES</code>,{" "}
          <code>QUOTA__NODE_BYTES</code>, <code>RETENTION__UNTAGGED_DAYS</code>, <code>RETENTION__TAGGED_DAYS</code> or{" "}
          <code>RETENTION__TAGS</code>.
        </p>
      ) : (
        <Plot
          label={`Bytes on this node at the end of each day. The last: ${formatBytes(last.bytes)}.`}
          starts={days.map((each) => Date.parse(`${each.day}T00:00:00Z`) / 1000)}
          series={[{ label: "Stored", colour: "in", values: days.map(({ bytes }) => bytes) }]}
          stepSeconds={86_400}
          format={formatBytes}
          increments={increments}
          onPoint={setPoint}
        />
      )}
    </figure>
  );
}

function columnsOf(largest: number): readonly Column<ProjectUsage>[] {
  return [
    { title: "Project", cell: ({ project_id: id }) => <Copyable text={id} what="project id" /> },
    {
      title: "Used",
      isWide: true,
      cell: ({ bytes, quota_bytes: quota }) => {
        const whole = quota ?? largest;
        const words = quota === null ? "the largest project" : "its quota";
        const label = `${formatBytes(bytes)}, beside ${words} of ${formatBytes(whole)}`;
        return <Meter isLimit={quota !== null} share={bytes / whole} label={label} />;
      },
    },
    { title: "Bytes", isNumber: true, cell: ({ bytes }) => formatBytes(bytes) },
    { title: "Objects", isNumber: true, cell: ({ objects }) => formatCount(objects) },
    {
      title: "Quota",
      isNumber: true,
      cell: ({ bytes, quota_bytes: quota }) => {
        if (quota === null) return <span class="quiet">none</span>;
        return bytes >= quota ? <Badge tone="bad">{formatBytes(quota)}, full</Badge> : formatBytes(quota);
      },
    },
    {
      title: "Will go",
      isNumber: true,
      cell: ({ project_id: id, expiring }) =>
        expiring === null ? (
          <span class="quiet">nothing</span>
        ) : (
          <>
            <a href={linkTo("projects", { view: "goes", project_id: id })}>
              {formatBytes(expiring.bytes)} in {formatMany(expiring.objects, "object")}
            </a>
            {expiring.due_objects > 0 && <small class="below">{formatBytes(expiring.due_bytes)} of it now</small>}
          </>
        ),
    },
  ];
}
