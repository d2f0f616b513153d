import type { Command } from "commander";
import type { SubmissionsRequest } from "../submissions.ts";

export function addSubmissionsCommand(program: Command, run: (request: SubmissionsRequest) => Promise<void>): void {
  const queue = program
    .command("submissions")
    .description("the queue of final results: what waits for the Hub, and what the Hub has refused")
    .addHelpText("after", "\nAll of them work beside a running service, with PostgreSQL as well as on a DATA_DIR.");
  queue
    .command("list")
    .description("show what waits or was rejected")
    .option("--all", "delivered ones, too", false)
    .option("--json", "as JSON", false)
    .action(({ all, json }) => run({ action: "list", all, json }));
  queue
    .command("retry [ids...]")
    .description("try again now, also what was rejected")
    .option("--all", "everything that is not delivered", false)
    .action((ids, { all }) => run({ action: "retry", ids, all }));
  queue
    .command("drop <ids...>")
    .description("forget submissions and remove their files from this node; asks first")
    .option("--yes", "do not ask", false)
    .action((ids, { yes }) => run({ action: "drop", ids, yes }));
}
