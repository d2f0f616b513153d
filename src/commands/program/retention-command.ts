import type { Command } from "commander";
import type { RetentionRequest } from "../retention.ts";
import { wholeNumber } from "./numbers.ts";

export function addRetentionCommand(program: Command, run: (request: RetentionRequest) => Promise<void>): void {
  const retention = program
    .command("retention")
    .description("the rules by which local results are removed")
    .addHelpText("after", "\nBoth work beside a running service, with PostgreSQL as well as on a DATA_DIR.");
  retention
    .command("preview")
    .description("show what the rules will remove, and when")
    .option("--project <id>", "of this project alone")
    .option("--limit <objects>", "at most so many", wholeNumber, 50)
    .option("--json", "as JSON", false)
    .action((options) => run({ action: "preview", ...options }));
  retention
    .command("run")
    .description("remove what is due now, without waiting for the preview of new rules to end")
    .action(() => run({ action: "run" }));
}

export function addUsageCommand(program: Command, run: (options: { json: boolean }) => Promise<void>): void {
  program
    .command("usage")
    .description("show how much lies on this node, by project")
    .option("--json", "as JSON", false)
    .action(({ json }) => run({ json }));
}
