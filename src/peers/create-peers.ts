import { LRUCache } from "lru-cache";
import type { SeenFraming } from "../crypto/node-cipher.ts";
import { AppError, reasonOf } from "../errors.ts";
import type { AuditEvent, AuditFields, Log } from "../log.ts";
import { within } from "../time/deadline.ts";
import type { PeerStore, PinRule } from "./peer-store.ts";
import type { Peers } from "./peers.ts";

export interface PeersDeps {
  readonly store: Pick<PeerStore, "meet" | "noteFraming" | "find">;
  /** How files are sent. `auto`: bound to peers that have sent bound files, segmented to others. */
  readonly framing: "segmented" | "single" | "bound" | "auto";
  readonly pin: PinRule;
  /** SHA-256 of a public key; `undefined` if the text is not a public key. */
  readonly fingerprintOf: (publicKey: string) => string | undefined;
  /** Milliseconds of a monotonic clock. */
  readonly steadyNow: () => number;
  readonly log: Log;
  /** How long a request waits at most for a write that does not decide over the request. */
  readonly patienceMs?: number;
}

/** Far more than a federation has nodes. */
const maxPeers = 1_000;
/** After a successful write, the same fact is not written again for this time. */
const restMs = 3_600_000;
/** After a failure, the database is not asked again for this time, unless a decision depends on its answer. */
const retryMs = 30_000;

interface Noted {
  readonly value: string;
  readonly until: number;
}

/**
 * Remembers the database's answers about keys and framings, so that traffic without news needs no queries. A key that
 * would be refused is looked up each time, because an operator or another process may have trusted it meanwhile.
 */
export function createPeers(deps: PeersDeps): Peers {
  const { store, framing: sending, pin, fingerprintOf, steadyNow, log, patienceMs = 1_000 } = deps;
  /** The key of each node, as the Hub sent it. */
  const keys = new LRUCache<string, Noted>({ max: maxPeers });
  const framings = new LRUCache<string, Noted>({ max: maxPeers });
  const decides = sending === "auto" || sending === "bound";
  const keep = (notes: typeof keys, nodeId: string, value: string, ms: number) =>
    void notes.set(nodeId, { value, until: steadyNow() + ms });

  async function meet(nodeId: string, publicKey: string, keySha256: string): Promise<void> {
    const meeting = await store.meet(nodeId, keySha256, pin);
    if (meeting.kind === "changed" && meeting.isNews) {
      const outcome = pin === "log" ? "ok" : "denied";
      const facts = { peerNodeId: nodeId, keySha256, knownKeySha256: meeting.knownKeySha256, outcome } as const;
      log.info("peer.key_changed" satisfies AuditEvent, facts satisfies AuditFields);
    }
    if (meeting.kind === "known" || pin === "log") return keep(keys, nodeId, publicKey, restMs);
    keys.delete(nodeId);
    const problem = `The public key of node ${nodeId} has changed; an operator must trust it.`;
    throw new AppError("invalid_input", problem, {
      mayPass: true,
      operatorDetail: `the known key is ${meeting.knownKeySha256}, the Hub gives ${keySha256}`,
    });
  }

  /** Awaits work whose failure must not fail the request. */
  async function quietly(work: Promise<void>, nodeId: string): Promise<void> {
    const settled = work.catch((error: unknown) => log.warn("peer.unnoted", { nodeId, reason: reasonOf(error) }));
    await within(settled, patienceMs);
  }

  return {
    async judgeKey(nodeId, publicKey) {
      const known = keys.get(nodeId);
      const isKnown = known?.value === publicKey;
      if (isKnown && steadyNow() < known.until) return;
      const keySha256 = fingerprintOf(publicKey);
      // Not a public key. The cipher refuses it later, with a reason.
      if (keySha256 === undefined) return;
      if (pin === "strict" && !isKnown) return meet(nodeId, publicKey, keySha256);
      keep(keys, nodeId, publicKey, retryMs);
      await quietly(meet(nodeId, publicKey, keySha256), nodeId);
    },

    async sendsBound(nodeId) {
      if (sending !== "auto") return sending === "bound";
      return (await store.find(nodeId))?.boundSince !== undefined;
    },

    async hasMovedOn(nodeId) {
      return decides && (await store.find(nodeId))?.boundSince !== undefined;
    },

    async noteFraming(nodeId, publicKey, framing: SeenFraming) {
      const noted = framings.get(nodeId);
      // If decisions depend on framings, the note is written each time: an operator may have deleted the peer
      // meanwhile.
      if (!decides && noted?.value === framing && steadyNow() < noted.until) return;
      const keySha256 = fingerprintOf(publicKey);
      if (keySha256 === undefined) return;
      keep(framings, nodeId, framing, retryMs);
      const work = store.noteFraming(nodeId, keySha256, framing);
      await quietly(
        work.then(() => keep(framings, nodeId, framing, restMs)),
        nodeId,
      );
    },
  };
}
