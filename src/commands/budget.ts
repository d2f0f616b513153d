import { readBudgets } from "../app/privacy-services.ts";
import { type BudgetBook, type BudgetView, createBudgetBook } from "../privacy/budget/budget-book.ts";
import { formatDecimal, parseDecimal } from "../privacy/budget/decimal.ts";
import { parseUuid } from "../uuid.ts";
import { exitUsage, type ProcessIo } from "./process-io.ts";
import { plainTableLines } from "./table.ts";
import { type NodeAccess, withStores } from "./with-stores.ts";

export type BudgetRequest =
  | { readonly action: "list"; readonly json: boolean }
  | { readonly action: "set"; readonly project: string; readonly epsilon: string; readonly reason: string };

const pageSize = 200;
const actor = "command line";

/** Shows or changes privacy budgets, whether or not the service runs. Resolves with the exit code. */
export async function budget(io: ProcessIo, request: BudgetRequest): Promise<number> {
  const problem = request.action === "set" ? findProblem(request) : undefined;
  if (problem !== undefined) {
    io.printError(problem);
    return exitUsage;
  }
  const work = async ({ settings, stores, log }: NodeAccess) => {
    const { nodeBudget } = readBudgets(settings);
    await run(io, createBudgetBook({ store: stores.budgets, nodeBudget, now: Date.now, log }), request);
    return 0;
  };
  return withStores(io, work, { prints: "log" });
}

async function run(io: ProcessIo, book: BudgetBook, request: BudgetRequest): Promise<void> {
  if (request.action === "set") {
    const { project, epsilon, reason } = request;
    const own = epsilon === "node" ? undefined : parseDecimal(epsilon);
    const changed = await book.set({ projectId: parseUuid(project) ?? project, budget: own, by: actor, reason });
    io.print(`${changed.projectId}: ${sentence(changed)}`);
    return;
  }
  const budgets = await listAll(book);
  if (request.json) io.print(JSON.stringify(budgets.map(describe), undefined, 2));
  else if (budgets.length === 0) io.print("No project has released anything with noise, or has a budget of its own.");
  else for (const line of tableOf(budgets)) io.print(line);
}

async function listAll(book: BudgetBook): Promise<BudgetView[]> {
  const all: BudgetView[] = [];
  for (let after: string | undefined; ; ) {
    const { budgets, next } = await book.page(after, pageSize);
    all.push(...budgets);
    if (next === undefined) return all;
    after = next;
  }
}

/** A sentence about what is wrong, if anything is. */
function findProblem({ project, epsilon, reason }: BudgetRequest & { readonly action: "set" }): string | undefined {
  if (parseUuid(project) === undefined) return `${project} is not the id of a project.`;
  const isReadable = epsilon === "node" || (epsilon.length <= 1_000 && parseDecimal(epsilon) !== undefined);
  if (!isReadable) return "The budget is a number such as 10 or 2.5, or `node` for the node's own.";
  return reason.trim() === "" || reason.length > 1_000 ? "--reason takes 1 to 1000 characters." : undefined;
}

function sentence({ budget: whole, spent, left }: BudgetView): string {
  if (whole === undefined || left === undefined) return `${formatDecimal(spent)} spent, without a budget`;
  return `${formatDecimal(spent)} of ${formatDecimal(whole)} spent, ${formatDecimal(left)} left`;
}

function describe(view: BudgetView) {
  return {
    project_id: view.projectId,
    epsilon_budget: view.budget === undefined ? null : formatDecimal(view.budget),
    epsilon_spent: formatDecimal(view.spent),
    epsilon_left: view.left === undefined ? null : formatDecimal(view.left),
    releases: view.releases,
    is_own: view.ownBudget !== undefined,
    last_release_at: view.lastReleaseAt?.toISOString() ?? null,
    changed_at: view.change?.at.toISOString() ?? null,
    changed_by: view.change?.by ?? null,
    reason: view.change?.reason ?? null,
  };
}

function tableOf(budgets: readonly BudgetView[]): string[] {
  const head = ["PROJECT", "BUDGET", "SPENT", "LEFT", "RELEASES", "LAST RELEASE"];
  const rows = budgets.map(({ projectId, budget: whole, ownBudget, spent, left, releases, lastReleaseAt }) => [
    projectId,
    whole === undefined ? "-" : `${formatDecimal(whole)}${ownBudget === undefined ? " (node's)" : ""}`,
    formatDecimal(spent),
    left === undefined ? "-" : formatDecimal(left),
    String(releases),
    lastReleaseAt?.toISOString().replace(/\.\d+/, "") ?? "-",
  ]);
  return plainTableLines(head, rows);
}
