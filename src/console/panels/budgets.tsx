import { useState } from "preact/hooks";
import { formatCount } from "../format.ts";
import { usePaging } from "../paging.ts";
import type { Panel, PanelProps } from "../panel.ts";
import { Badge } from "../parts/badge.tsx";
import { Copyable } from "../parts/copyable.tsx";
import { Empty } from "../parts/empty.tsx";
import { Meter } from "../parts/meter.tsx";
import { Moment } from "../parts/moment.tsx";
import { PagedTable } from "../parts/paged-table.tsx";
import { PanelHead } from "../parts/panel-head.tsx";
import type { Column } from "../parts/table.tsx";
import { linkTo } from "../routing.ts";
import type { ProjectBudget } from "../wire-decisions.ts";
import { BudgetForm } from "./budgets/budget-form.tsx";
import { SpentByDay } from "./budgets/spent-by-day.tsx";

export const budgetsPanel: Panel = { id: "budgets", title: "Budgets", View: BudgetsView };

const refreshMs = 15_000;

function BudgetsView({ query: { project_id: projectId } }: PanelProps) {
  const list = usePaging<ProjectBudget>("budgets", {}, refreshMs);
  const [asked, setAsked] = useState<ProjectBudget | "another" | undefined>();
  return (
    <>
      <PanelHead title="Budgets" polled={list} />
      <p class="lead">
        How much privacy (ε) each project has spent by results with noise. What is spent stays spent; plain results do
        not count.
      </p>
      <p>
        <button type="button" onClick={() => setAsked("another")}>
          Set a project’s budget
        </button>
      </p>
      {projectId && <SpentByDay projectId={projectId} />}
      <PagedTable
        list={list}
        caption="Privacy budgets"
        columns={columnsOf(setAsked)}
        keyOf={({ project_id }) => project_id}
        empty={
          <Empty title="No project has spent anything yet">
            Each one appears here with its first number by <code>/final/localdp</code>. Without{" "}
            <code>DP__PROJECT_EPSILON</code> it is only counted; a budget can be set for one project, too.
          </Empty>
        }
      />
      {asked && (
        <BudgetForm
          budget={asked === "another" ? undefined : asked}
          onDone={list.refresh}
          onClose={() => setAsked(undefined)}
        />
      )}
    </>
  );
}

function columnsOf(ask: (budget: ProjectBudget) => void): readonly Column<ProjectBudget>[] {
  return [
    { title: "Project", cell: ({ project_id: id }) => <Copyable text={id} what="project id" /> },
    { title: "Spent and left", cell: (budget) => <Spent {...budget} /> },
    { title: "Spent", isNumber: true, cell: ({ epsilon_spent: spent }) => spent },
    {
      title: "Left",
      isNumber: true,
      cell: ({ epsilon_left: left }) =>
        left === null ? <span class="quiet">–</span> : left === "0" ? <Badge tone="bad">0</Badge> : left,
    },
    {
      title: "Budget",
      isNumber: true,
      cell: ({ epsilon_budget: budget, is_own: isOwn }) => (
        <>
          {budget ?? <span class="quiet">only counted</span>}
          {budget !== null && <small class="below">{isOwn ? "its own" : "the node’s"}</small>}
        </>
      ),
    },
    {
      title: "Releases",
      isNumber: true,
      cell: ({ releases, project_id: id }) => (
        <a href={linkTo("budgets", { project_id: id })}>{formatCount(releases)}</a>
      ),
    },
    { title: "Last release", cell: ({ last_release_at: at }) => (at === null ? "–" : <Moment at={at} />) },
    { title: "Changed", isWide: true, cell: describeChange },
    {
      title: "Actions",
      isActions: true,
      cell: (budget) => (
        <button type="button" onClick={() => ask(budget)}>
          Change
        </button>
      ),
    },
  ];
}

function Spent({ epsilon_budget: budget, epsilon_spent: spent, epsilon_left: left }: ProjectBudget) {
  if (budget === null) return <span class="quiet">–</span>;
  const share = Number(budget) === 0 ? 1 : Number(spent) / Number(budget);
  return <Meter isLimit share={share} label={`${spent} of ${budget} spent, ${left} left`} />;
}

function describeChange({ changed_at: at, changed_by: by, reason }: ProjectBudget) {
  if (at === null) return <span class="quiet">never</span>;
  return (
    <>
      {reason !== null && <span class="below">{reason}</span>}
      <span class="below quiet">
        {by} <Moment at={at} />
      </span>
    </>
  );
}
