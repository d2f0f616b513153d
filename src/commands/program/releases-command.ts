import { type Command, Option } from "commander";
import { releaseStatuses } from "../../release/release-store.ts";
import type { ReleasesRequest } from "../releases.ts";
import { wholeNumber } from "./numbers.ts";

export function addReleasesCommand(program: Command, run: (request: ReleasesRequest) => Promise<void>): void {
  const gate = program
    .command("releases")
    .description("final results that wait for somebody to let them go to the Hub")
    .addHelpText("after", "\nAll of them work beside a running service, with PostgreSQL as well as on a DATA_DIR.");
  gate
    .command("list")
    .description("show what waits, oldest first")
    .addOption(new Option("--status <status>", "those in this state").choices(releaseStatuses).default("held"))
    .option("--limit <rows>", "at most so many", wholeNumber, 50)
    .option("--project <id>", "of this project alone")
    .option("--analysis <id>", "of this analysis alone")
    .option("--json", "as JSON", false)
    .action((options) => run({ action: "list", ...options }));
  gate
    .command("show <id>")
    .description("show what helps to decide on one: what it is, findings, its beginning, earlier decisions")
    .option("--out <file>", "also save the whole file there; one that is there already is left alone")
    .option("--json", "as JSON", false)
    .action((id, options) => run({ action: "show", id, ...options }));
  const decision = (name: "approve" | "decline", description: string) =>
    gate
      .command(`${name} <id>`)
      .description(description)
      .requiredOption("--as <name>", "who decides, for the record")
      .requiredOption("--sha256 <hash>", "of the file that was looked at, as `show` tells it")
      .option("--reason <text>", name === "decline" ? "why; the analyst is shown it" : "why")
      .action((id, { as, sha256, reason }) => run({ action: name, id, as, sha256, reason }));
  decision("approve", "let it go to the Hub");
  decision("decline", "keep it from the Hub for good, and remove its file");
}
