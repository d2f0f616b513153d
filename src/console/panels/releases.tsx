import { useMemo, useState } from "preact/hooks";
import { useApi } from "../api.ts";
import { formatCount } from "../format.ts";
import { usePaging } from "../paging.ts";
import type { Panel, PanelProps, Summary } from "../panel.ts";
import { useAnnounce } from "../parts/announcer.tsx";
import { Empty } from "../parts/empty.tsx";
import { FilterBar, SelectFilter, TextFilter } from "../parts/filters.tsx";
import { Moment } from "../parts/moment.tsx";
import { Pager } from "../parts/paged-table.tsx";
import { PanelHead } from "../parts/panel-head.tsx";
import { Problem } from "../parts/problem.tsx";
import { replaceQuery } from "../routing.ts";
import { useShortcuts } from "../shortcuts.ts";
import type { Release } from "../wire-decisions.ts";
import { type Choice, DecisionDialog } from "./releases/decision-dialog.tsx";
import { ReleaseDetail } from "./releases/release-detail.tsx";
import { ReleaseList } from "./releases/release-list.tsx";

export const releasesPanel: Panel = {
  id: "releases",
  title: "Releases",
  View: ReleasesView,
  waiting: ({ held }) => held?.count ?? 0,
  shortcuts: [
    ["j", "Next release"],
    ["k", "The one before"],
    ["a", "Approve"],
    ["d", "Decline"],
  ],
};

const refreshMs = 10_000;
const states = [
  ["", "To be decided"],
  ["approved", "Approved"],
  ["declined", "Declined"],
  ["delivered", "Delivered"],
  ["rejected", "Rejected"],
] as const;

function ReleasesView({ query: given, overview }: PanelProps) {
  const api = useApi();
  const announce = useAnnounce();
  const { status, project_id, analysis_id, id } = given;
  const query = { status, project_id, analysis_id };
  const order = status ? "newest" : "oldest";
  const list = usePaging<Release>("releases", { ...query, status: status || "held", order }, refreshMs);
  const [choice, setChoice] = useState<Choice | undefined>();

  const items = list.data?.items ?? [];
  const chosen = items.find((item) => item.submission_id === id) ?? items[0];
  const choose = (item: Release | undefined) => {
    if (item !== undefined) replaceQuery("releases", { ...query, id: item.submission_id });
  };
  useKeys(items, chosen, choose, setChoice);

  async function decide({ kind, releases }: Choice, reason: string): Promise<void> {
    const next = chosen && items[items.indexOf(chosen) + 1];
    const decision = kind === "approve" ? ("approve" as const) : ("decline" as const);
    const decisions = releases.map(({ submission_id, sha256 }) => ({ submission_id, decision, sha256, reason }));
    const [only] = decisions;
    if (only !== undefined && decisions.length === 1)
      await api.send<Release>("POST", `releases/${only.submission_id}/${kind}`, { sha256: only.sha256, reason });
    else await api.send<{ items: Release[] }>("POST", "releases/decisions", { decisions });
    announce(kind === "approve" ? "Approved" : "Declined");
    if (releases.length === 1) choose(next);
    await Promise.all([list.refresh(), overview.refresh()]);
  }

  return (
    <>
      <PanelHead title="Releases" polled={list} />
      <Waiting held={overview.data?.held} />
      <FilterBar panel="releases" query={query}>
        <SelectFilter name="status" label="State" options={states} />
        <TextFilter name="project_id" label="Project id" />
        <TextFilter name="analysis_id" label="Analysis id" />
      </FilterBar>
      {list.error && <Problem error={list.error} onRetry={list.refresh} />}
      {list.data === undefined && list.error === undefined && <p class="quiet loading">Loading …</p>}
      {list.data !== undefined && chosen === undefined && <Nothing isFiltered={Object.values(query).some(Boolean)} />}
      {list.data !== undefined && chosen !== undefined && (
        <div class={id === undefined ? "split" : "split has-choice"}>
          <div class="group">
            <ReleaseList items={items} chosen={chosen} onDecide={setChoice} query={query} />
            <Pager list={list} of="releases" shown={items.length} total={list.data.total} />
          </div>
          <ReleaseDetail key={chosen.submission_id} release={chosen} query={query} onDecide={setChoice} />
        </div>
      )}
      {choice && (
        <DecisionDialog
          {...choice}
          onConfirm={(reason) => decide(choice, reason)}
          onClose={() => {
            setChoice(undefined);
            void list.refresh();
          }}
        />
      )}
    </>
  );
}

function useKeys(
  items: readonly Release[],
  chosen: Release | undefined,
  choose: (item: Release | undefined) => void,
  ask: (choice: Choice) => void,
): void {
  const place = chosen === undefined ? -1 : items.indexOf(chosen);
  const isOpen = chosen !== undefined && chosen.status === "held";
  useShortcuts(
    useMemo(
      () => ({
        j: () => choose(items[place + 1]),
        k: () => choose(items[place - 1]),
        ...(isOpen ? { a: () => ask({ kind: "approve", releases: [chosen] }) } : {}),
        ...(isOpen ? { d: () => ask({ kind: "decline", releases: [chosen] }) } : {}),
      }),
      [items, chosen, place, isOpen, choose, ask],
    ),
  );
}

function Waiting({ held }: { held: Summary["held"] }) {
  if (held === undefined || held.count === 0)
    return <p class="lead">Final results that leave this node only when an operator lets them.</p>;
  return (
    <p class="hint">
      <strong class="numbers">{formatCount(held.count)}</strong>{" "}
      {held.count === 1 ? "final waits for a decision" : "finals wait for a decision"}
      {held.oldestAt !== undefined && (
        <>
          , the oldest since <Moment at={held.oldestAt} />
        </>
      )}
      . Nothing of them is at the Hub.
    </p>
  );
}

function Nothing({ isFiltered }: { isFiltered: boolean }) {
  if (isFiltered) return <Empty title="No release is like that">Choose another state, project or analysis.</Empty>;
  return (
    <Empty title="Nothing waits for a decision">
      With <code>RELEASE__REVIEW=all</code> every final result is held and appears here, and goes to the Hub only when
      it is approved.
    </Empty>
  );
}
