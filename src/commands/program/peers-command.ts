import type { Command } from "commander";
import type { PeersRequest } from "../peers.ts";

export function addPeersCommand(program: Command, run: (request: PeersRequest) => Promise<void>): void {
  const peers = program
    .command("peers")
    .description("the other nodes: their public keys, and how their files come")
    .addHelpText("after", "\nAll of them work beside a running service, with PostgreSQL as well as on a DATA_DIR.");
  peers
    .command("list")
    .description("show the nodes that this one has exchanged files with")
    .option("--json", "as JSON", false)
    .action(({ json }) => run({ action: "list", json }));
  peers
    .command("trust <node>")
    .description("trust the key that a node has now, once its own people have confirmed it")
    .option("--key <sha256>", "only if it is this one")
    .action((node, { key }) => run({ action: "trust", node, ...(key === undefined ? {} : { key }) }));
  peers
    .command("forget <node>")
    .description("forget a node's key, and that it has sent bound files")
    .action((node) => run({ action: "forget", node }));
}
