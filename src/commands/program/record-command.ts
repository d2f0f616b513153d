import { type Command, Option } from "commander";
import type { RecordRequest } from "../record.ts";
import { wholeNumber } from "./numbers.ts";

export function addRecordCommand(program: Command, run: (request: RecordRequest) => Promise<void>): void {
  const record = program
    .command("record")
    .description("what left this node, came in from others, was decided or destroyed, and who let it")
    .addHelpText("after", "\nAll of them work beside a running service, with PostgreSQL as well as on a DATA_DIR.");
  const filtered = (command: Command) =>
    command
      .option("--event <event>", "of this kind alone, such as intermediate.sent")
      .option("--project <id>", "of this project alone")
      .option("--analysis <id>", "of this analysis alone")
      .option("--from <time>", "not before, such as 2026-01-31 or 2026-01-31T12:00:00Z")
      .option("--to <time>", "before");
  filtered(record.command("list").description("show the newest rows"))
    .option("--limit <rows>", "at most so many", wholeNumber, 50)
    .option("--json", "as JSON", false)
    .action((options) => run({ action: "list", ...options }));
  filtered(record.command("export").description("print all rows, oldest first"))
    .addOption(new Option("--format <format>", "the form").choices(["jsonl", "csv"]).default("jsonl"))
    .action((options) => run({ action: "export", ...options }));
  record
    .command("verify")
    .description("compute the chain of hashes anew; exit 1 naming the first row that is not as it was sealed")
    .option("--head <hash>", "a head that the log has told by record.sealed: the chain must still go through it")
    .action(({ head }) => run({ action: "verify", head }));
}
