import type { Peer } from "../peers/peer-store.ts";
import { parseUuid } from "../uuid.ts";
import type { Stores } from "./open-stores.ts";
import { exitUsage, type ProcessIo } from "./process-io.ts";
import { plainTableLines } from "./table.ts";
import { withStores } from "./with-stores.ts";

export type PeersRequest =
  | { readonly action: "list"; readonly json: boolean }
  | { readonly action: "trust"; readonly node: string; readonly key?: string }
  | { readonly action: "forget"; readonly node: string };

const operator = "command line";
const pageSize = 200;

/** Shows, trusts or forgets other nodes, whether or not the service runs. Resolves with the exit code. */
export async function peers(io: ProcessIo, request: PeersRequest): Promise<number> {
  const nodeId = request.action === "list" ? "" : parseUuid(request.node);
  if (nodeId === undefined) {
    io.printError("A node is named by its id on the Hub, a UUID; `flame-result peers list` shows them.");
    return exitUsage;
  }
  if (request.action === "trust" && request.key !== undefined && !/^[0-9a-f]{64}$/i.test(request.key)) {
    io.printError("--key takes the SHA-256 of a public key: 64 hexadecimal digits.");
    return exitUsage;
  }
  return withStores(io, ({ stores }) => run(io, stores, request, nodeId));
}

async function run(io: ProcessIo, stores: Stores, request: PeersRequest, nodeId: string): Promise<number> {
  if (request.action === "list") return list(io, stores, request.json);
  if (request.action === "trust") return trust(io, stores, nodeId, request.key?.toLowerCase());
  if (await stores.peers.forget(nodeId, operator)) {
    io.print(`${nodeId} is forgotten; whatever key the Hub gives for it next is taken as if for the first time`);
    return 0;
  }
  return notKnown(io, nodeId);
}

async function trust(io: ProcessIo, { peers: store }: Stores, nodeId: string, key: string | undefined) {
  const trusting = await store.trust(nodeId, operator, key);
  if (trusting.kind === "unknown") return notKnown(io, nodeId);
  if (trusting.kind === "trusted") {
    io.print(`${nodeId} is trusted with the key ${trusting.keySha256}`);
    return 0;
  }
  io.printError(
    trusting.kind === "idle"
      ? `No other key of ${nodeId} waits to be trusted`
      : `Another key of ${nodeId} waits: ${trusting.waitingKeySha256}`,
  );
  return 1;
}

function notKnown(io: ProcessIo, nodeId: string): number {
  io.printError(`${nodeId} is not known here; \`flame-result peers list\` shows who is`);
  return 1;
}

async function list(io: ProcessIo, { peers: store }: Stores, json: boolean): Promise<number> {
  const found = await listPeers(store);
  if (json) io.print(JSON.stringify(found.map(describe), undefined, 2));
  else if (found.length === 0) io.print("No other node is known yet.");
  else for (const line of tableOf(found)) io.print(line);
  return 0;
}

/** All known nodes, the one seen first most recently at the top. */
export async function listPeers(store: Pick<Stores["peers"], "page">): Promise<Peer[]> {
  const found: Peer[] = [];
  for (let after: string | undefined; ; ) {
    const { peers, next } = await store.page(after, pageSize);
    found.push(...peers);
    if (next === undefined) return found;
    after = next;
  }
}

function describe(peer: Peer) {
  return {
    node_id: peer.nodeId,
    key_sha256: peer.keySha256,
    waiting_key_sha256: peer.waitingKeySha256 ?? null,
    framing: peer.framing ?? null,
    bound_since: peer.boundSince?.toISOString() ?? null,
    first_seen_at: peer.firstSeen.toISOString(),
    last_seen_at: peer.lastSeen.toISOString(),
  };
}

function tableOf(found: readonly Peer[]): string[] {
  const head = ["NODE", "FRAMING", "BOUND SINCE", "LAST SEEN", "KEY (SHA-256)", "WAITS FOR TRUST"];
  const second = (moment: Date | undefined) => moment?.toISOString().replace(/\.\d+/, "") ?? "";
  const rows = found.map(({ nodeId, framing = "", boundSince, lastSeen, keySha256, waitingKeySha256 = "" }) => {
    return [nodeId, framing, second(boundSince), second(lastSeen), keySha256, waitingKeySha256];
  });
  return plainTableLines(head, rows);
}
