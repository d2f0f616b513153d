import { useState } from "preact/hooks";
import { useApi } from "../api.ts";
import { formatBytes, formatCount } from "../format.ts";
import { usePaging } from "../paging.ts";
import type { Panel, PanelProps } from "../panel.ts";
import { useAnnounce } from "../parts/announcer.tsx";
import { Badge, type Tone } from "../parts/badge.tsx";
import { Confirm } from "../parts/confirm.tsx";
import { Copyable } from "../parts/copyable.tsx";
import { Empty } from "../parts/empty.tsx";
import { Fact } from "../parts/facts.tsx";
import { FilterBar, SelectFilter, TextFilter } from "../parts/filters.tsx";
import { Moment } from "../parts/moment.tsx";
import { PagedTable } from "../parts/paged-table.tsx";
import { PanelHead } from "../parts/panel-head.tsx";
import type { Column } from "../parts/table.tsx";
import type { QueuedSubmission } from "../wire.ts";

export const queuePanel: Panel = {
  id: "queue",
  title: "Queue",
  View: QueueView,
  waiting: ({ queue }) => queue.pending,
};

const refreshMs = 10_000;
const states = [
  ["", "All"],
  ["queued", "Waiting"],
  ["held", "Held for review"],
  ["rejected", "Rejected"],
  ["delivered", "Delivered"],
] as const;

function QueueView({ query: { status, analysis_id } }: PanelProps) {
  const api = useApi();
  const announce = useAnnounce();
  const query = { status, analysis_id };
  const list = usePaging<QueuedSubmission>("submissions", query, refreshMs);
  const [asked, setAsked] = useState<{ what: "retry" | "drop"; item: QueuedSubmission } | undefined>();

  async function confirm({ what, item }: { what: "retry" | "drop"; item: QueuedSubmission }): Promise<void> {
    const path = `submissions/${item.submission_id}`;
    if (what === "retry") await api.send("POST", `${path}/retry`);
    else await api.send("DELETE", path);
    announce(what === "retry" ? "It is tried again now" : "The final is dropped");
    await list.refresh();
  }

  return (
    <>
      <PanelHead title="Queue" polled={list} />
      <p class="lead">Final results on their way to the Hub, newest first. They are safe here while the Hub is away.</p>
      <FilterBar panel="queue" query={query}>
        <SelectFilter name="status" label="State" options={states} />
        <TextFilter name="analysis_id" label="Analysis id" />
      </FilterBar>
      <PagedTable
        list={list}
        caption="Final results"
        columns={columnsOf(setAsked)}
        keyOf={({ submission_id }) => submission_id}
        empty={
          status || analysis_id ? (
            <Empty title="Nothing like that is in the queue">Choose another state, or another analysis.</Empty>
          ) : (
            <Empty title="No final result has come yet">
              Each one appears here when an analysis submits it, with every attempt to hand it to the Hub.
            </Empty>
          )
        }
      />
      {asked && <Question {...asked} onConfirm={() => confirm(asked)} onClose={() => setAsked(undefined)} />}
    </>
  );
}

interface QuestionProps {
  readonly what: "retry" | "drop";
  readonly item: QueuedSubmission;
  onConfirm(): Promise<void>;
  onClose(): void;
}

function Question({ what, item, onConfirm, onClose }: QuestionProps) {
  const facts = (
    <dl class="facts">
      <Fact name="Submission">
        <code>{item.submission_id}</code>
      </Fact>
      <Fact name="Analysis">
        <code>{item.analysis_id}</code>
      </Fact>
      <Fact name="Size">{formatBytes(item.bytes)}</Fact>
    </dl>
  );
  if (what === "retry")
    return (
      <Confirm title="Try this delivery again now?" action="Try again" onConfirm={onConfirm} onClose={onClose}>
        <p>
          The Hub is asked at once; so far it has been asked {item.attempts === 1 ? "once" : `${item.attempts} times`}.
        </p>
        {facts}
      </Confirm>
    );
  return (
    <Confirm
      title="Drop this final result for good?"
      action="Drop it"
      isDangerous
      onConfirm={onConfirm}
      onClose={onClose}
    >
      <p>
        The file is destroyed, and the researcher never gets it. This cannot be taken back, and it is put on record with
        your name.
      </p>
      {facts}
    </Confirm>
  );
}

const badges: Readonly<Record<string, { tone: Tone; label: string }>> = {
  queued: { tone: "busy", label: "waiting" },
  held: { tone: "warning", label: "held" },
  delivered: { tone: "good", label: "delivered" },
  rejected: { tone: "bad", label: "rejected" },
};

function columnsOf(
  ask: (question: { what: "retry" | "drop"; item: QueuedSubmission }) => void,
): readonly Column<QueuedSubmission>[] {
  return [
    {
      title: "State",
      cell: ({ status, stands_aside: aside }) => (
        <>
          <Badge tone={badges[status]?.tone ?? "quiet"}>{badges[status]?.label ?? status}</Badge>
          {aside && <small class="below">stands aside</small>}
        </>
      ),
    },
    { title: "Submitted", cell: ({ submitted_at: at }) => <Moment at={at} /> },
    { title: "Submission", cell: ({ submission_id: id }) => <Copyable text={id} what="submission id" /> },
    { title: "Analysis", cell: ({ analysis_id: id }) => <Copyable text={id} what="analysis id" /> },
    { title: "Project", cell: ({ project_id: id }) => (id === null ? "–" : <Copyable text={id} what="project id" />) },
    { title: "Size", isNumber: true, cell: ({ bytes }) => formatBytes(bytes) },
    { title: "Attempts", isNumber: true, cell: ({ attempts }) => formatCount(attempts) },
    { title: "What became of it", isWide: true, cell: describeFate },
    {
      title: "Actions",
      isActions: true,
      cell: (item) =>
        item.status !== "delivered" &&
        item.status !== "held" && (
          <>
            <button type="button" onClick={() => ask({ what: "retry", item })}>
              Retry
            </button>
            <button type="button" class="danger-text" onClick={() => ask({ what: "drop", item })}>
              Drop
            </button>
          </>
        ),
    },
  ];
}

function describeFate({ status, last_error: error, next_attempt_at: next, delivered_at: delivered }: QueuedSubmission) {
  return (
    <>
      {error !== null && status !== "delivered" && <span class="below">{error}</span>}
      {status === "queued" && (
        <span class="below quiet">
          Next attempt <Moment at={next} />
        </span>
      )}
      {delivered !== null && (
        <span class="below quiet">
          The Hub has it since <Moment at={delivered} />
        </span>
      )}
    </>
  );
}
