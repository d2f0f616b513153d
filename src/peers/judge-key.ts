import type { NewEntry } from "../record/record-store.ts";
import type { Meeting, Peer, PeerCounts, PinRule, Trusting } from "./peer-store.ts";

type Keys = Pick<Peer, "keySha256" | "waitingKeySha256">;

/** A row as both databases return it. */
export type PeerRow = { readonly [Name in keyof Peer]: Exclude<Peer[Name], undefined> | null };

export function asPeer(row: PeerRow & Pick<Peer, "nodeId" | "keySha256" | "firstSeen" | "lastSeen">): Peer {
  return {
    ...row,
    waitingKeySha256: row.waitingKeySha256 ?? undefined,
    framing: row.framing ?? undefined,
    boundSince: row.boundSince ?? undefined,
  };
}

export interface Judgement {
  readonly meeting: Meeting;
  /** The changes to the peer's row, if any. */
  readonly change?: { readonly keySha256?: string; readonly waitingKeySha256: string | null };
}

/** Compares a key with the known key of a node. Returns the outcome and the changes to the peer's row. */
export function judgeKey(known: Keys | PeerRow, keySha256: string, rule: PinRule): Judgement {
  const knownKeySha256 = known.keySha256 ?? "";
  if (knownKeySha256 === keySha256) return { meeting: { kind: "known" } };
  const isNews = rule === "log" || known.waitingKeySha256 !== keySha256;
  const meeting = { kind: "changed", isNews, knownKeySha256 } as const;
  if (rule === "log") return { meeting, change: { keySha256, waitingKeySha256: null } };
  return isNews ? { meeting, change: { waitingKeySha256: keySha256 } } : { meeting };
}

/** Whether the waiting key of a peer may be trusted. */
export function judgeTrust(known: Keys | PeerRow | undefined, keySha256: string | undefined): Trusting {
  if (known === undefined) return { kind: "unknown" };
  const { waitingKeySha256 } = known;
  if (waitingKeySha256 === undefined || waitingKeySha256 === null) return { kind: "idle" };
  if (keySha256 !== undefined && keySha256 !== waitingKeySha256) return { kind: "other", waitingKeySha256 };
  return { kind: "trusted", keySha256: waitingKeySha256 };
}

/** The entry in the record for a changed key. `sha256` is that of the public key. */
export function changedEntry(peerNodeId: string, sha256: string, rule: PinRule): NewEntry {
  return { event: "peer.key_changed", peerNodeId, sha256, outcome: rule === "log" ? "ok" : "denied" };
}

export function countPeers(rows: readonly { readonly framing: Peer["framing"] | null; readonly peers: number }[]) {
  const counts = { segmented: 0, single: 0, bound: 0, none: 0 };
  for (const { framing, peers } of rows) counts[framing ?? "none"] += peers;
  return counts satisfies PeerCounts;
}
