import type { Command } from "commander";
import type { BudgetRequest } from "../budget.ts";

export function addBudgetCommand(program: Command, run: (request: BudgetRequest) => Promise<void>): void {
  const budget = program
    .command("budget")
    .description("what projects have spent of their privacy budgets, and what they may")
    .addHelpText("after", "\nAll of them work beside a running service, with PostgreSQL as well as on a DATA_DIR.");
  budget
    .command("list")
    .description("show all projects that have spent something or have a budget of their own")
    .option("--json", "as JSON", false)
    .action(({ json }) => run({ action: "list", json }));
  budget
    .command("set <project> <epsilon>")
    .description("give a project a budget of its own; `node` = the node's budget again, DP__PROJECT_EPSILON")
    .requiredOption("--reason <text>", "why, for those who come later")
    .action((project, epsilon, { reason }) => run({ action: "set", project, epsilon, reason }));
}
