import { useApi } from "../api.ts";
import { formatBytes, formatCount } from "../format.ts";
import { usePaging } from "../paging.ts";
import type { Panel, PanelProps } from "../panel.ts";
import { Badge } from "../parts/badge.tsx";
import { Copyable } from "../parts/copyable.tsx";
import { Empty } from "../parts/empty.tsx";
import { FilterBar, SelectFilter, TextFilter } from "../parts/filters.tsx";
import { Moment } from "../parts/moment.tsx";
import { PagedTable } from "../parts/paged-table.tsx";
import { PanelHead } from "../parts/panel-head.tsx";
import type { Column } from "../parts/table.tsx";
import type { RecordRow } from "../wire.ts";
import { Verify } from "./record/verify.tsx";

export const recordPanel: Panel = { id: "record", title: "Record", View: RecordView };

const refreshMs = 15_000;
const events = [
  "intermediate.sent",
  "intermediate.received",
  "final.submitted",
  "final.held",
  "final.approved",
  "final.declined",
  "final.delivered",
  "final.rejected",
  "dp.released",
  "budget.changed",
  "project.deleted",
  "result.expired",
  "access.denied",
  "operator.signed_in",
  "record.read",
  "record.exported",
  "record.pruned",
] as const;
const options = [["", "All"], ...events.map((event) => [event, event] as const)] as const;

function RecordView({ query: given, overview }: PanelProps) {
  const api = useApi();
  const { event, project_id, analysis_id, from, to } = given;
  const query = { event, project_id, analysis_id, from, to };
  const list = usePaging<RecordRow>("record", query, refreshMs);
  const isFiltered = Object.values(query).some(Boolean);
  const isOff = overview.data?.record.enabled === false;

  return (
    <>
      <PanelHead title="Record" polled={list} />
      <p class="lead">
        What left this node, came in, was decided, spent or destroyed, and who did it; newest first. That you look at it
        is put on record, too.
      </p>
      {isOff && (
        <p class="hint">
          Nothing new is put on record now. <code>RECORD__ENABLED=1</code> turns it on.
        </p>
      )}
      <Verify />
      <FilterBar panel="record" query={query}>
        <SelectFilter name="event" label="Event" options={options} />
        <TextFilter name="analysis_id" label="Analysis id" />
        <TextFilter name="project_id" label="Project id" />
        <TextFilter name="from" label="From" type="datetime-local" show={toField} read={fromField} />
        <TextFilter name="to" label="Before" type="datetime-local" show={toField} read={fromField} />
      </FilterBar>
      <p class="exports">
        Export {isFiltered ? "these rows" : "all rows"}:{" "}
        <a href={api.url("record/export", { ...query, format: "csv" })} download>
          CSV
        </a>{" "}
        <a href={api.url("record/export", { ...query, format: "jsonl" })} download>
          JSON Lines
        </a>
      </p>
      <PagedTable
        list={list}
        caption="Record"
        columns={columns}
        keyOf={({ sequence }) => String(sequence)}
        empty={
          isFiltered ? (
            <Empty title="No row is like that">Choose another event, other ids or another time.</Empty>
          ) : (
            <Empty title="Nothing is on record yet">
              The next result that leaves this node, comes in from another one, or is refused appears here.
            </Empty>
          )
        }
      />
    </>
  );
}

const tones = { ok: "good", failed: "bad", denied: "warning" } as const;

const columns: readonly Column<RecordRow>[] = [
  { title: "No.", isNumber: true, cell: ({ sequence }) => formatCount(sequence) },
  { title: "Time", cell: ({ time }) => <Moment at={time} /> },
  {
    title: "Event",
    cell: ({ event, outcome }) => (
      <>
        <code class="below">{event}</code>
        <Badge tone={tones[outcome as keyof typeof tones] ?? "quiet"}>{outcome}</Badge>
      </>
    ),
  },
  {
    title: "Actor",
    isWide: true,
    cell: ({ actor, analysis_id: id }) => <Actor name={actor} isAnalysis={actor === id} />,
  },
  {
    title: "Analysis, project",
    cell: ({ analysis_id: analysis, project_id: project }) => (
      <Pair first={[analysis, "analysis id"]} second={[project, "project id"]} />
    ),
  },
  {
    title: "Object, peer",
    cell: ({ object_id: object, peer_node_id: peer }) => (
      <Pair first={[object, "object id"]} second={[peer, "node id"]} />
    ),
  },
  {
    title: "Size, SHA-256",
    isNumber: true,
    cell: ({ bytes, sha256 }) => (
      <>
        <span class="below">{bytes === null ? "–" : formatBytes(bytes)}</span>
        {sha256 !== null && <Copyable text={sha256} what="SHA-256" />}
      </>
    ),
  },
  { title: "Hash", cell: ({ hash }) => <Copyable text={hash} what="hash of the row" /> },
];

type Named = readonly [id: string | null, what: string];

function Pair({ first, second }: { first: Named; second: Named }) {
  const known = [first, second].filter((named): named is readonly [string, string] => named[0] !== null);
  if (known.length === 0) return <span class="quiet">–</span>;
  return (
    <>
      {known.map(([id, what]) => (
        <span key={what} class="below">
          <Copyable text={id} what={what} />
        </span>
      ))}
    </>
  );
}

function Actor({ name, isAnalysis }: { name: string | null; isAnalysis: boolean }) {
  if (name === null) return <span class="quiet">–</span>;
  return isAnalysis ? <span class="quiet">the analysis</span> : <span class="name">{name}</span>;
}

/** Converts a field's local time to UTC, which the URL holds. */
function fromField(value: string): string {
  const date = new Date(value);
  return Number.isNaN(date.getTime()) ? "" : date.toISOString();
}

function toField(value: string): string {
  const date = new Date(value);
  if (Number.isNaN(date.getTime())) return "";
  return new Date(date.getTime() - date.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}
