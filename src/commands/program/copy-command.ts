import type { Command } from "commander";
import type { CopyRequest } from "../copy/copy.ts";

export function addCopyCommand(program: Command, run: (request: CopyRequest) => Promise<void>): void {
  program
    .command("copy")
    .description("copy everything that a node keeps from one storage to another, verified; the source stays as it is")
    .requiredOption("--from <storage>", "a DATA_DIR folder, a file with MINIO__* and POSTGRES__* settings, or env")
    .requiredOption("--to <storage>", "the same; it must be empty, but for an earlier run of this command")
    .option("--dry-run", "only show what would be copied, and whether both can be reached", false)
    .addHelpText(
      "after",
      "\nStop the service first. A run that was killed is gone on with by running the same command again.",
    )
    .action(({ from, to, dryRun }) => run({ from, to, dryRun }));
}
