import type { SeenFraming } from "../crypto/node-cipher.ts";

/** What this node knows about another node. */
export interface Peer {
  /** Canonical UUID. */
  readonly nodeId: string;
  /** SHA-256 of its public key (SPKI), lower-case hex. */
  readonly keySha256: string;
  /** SHA-256 of a newer key that the Hub has sent for the node and that no operator has trusted yet. */
  readonly waitingKeySha256: string | undefined;
  /** The framing of the last authentic file from the node. */
  readonly framing: SeenFraming | undefined;
  /** When the first bound file came from the node. */
  readonly boundSince: Date | undefined;
  readonly firstSeen: Date;
  /** Accurate to about an hour. */
  readonly lastSeen: Date;
}

/**
 * What happens to a changed key. `strict`: it waits until an operator trusts it. `log`: it is accepted and put on
 * record.
 */
export type PinRule = "log" | "strict";

/** The outcome of `meet`. */
export type Meeting =
  | { readonly kind: "known" }
  /** `isNews`: this call was the first to find the change. */
  | { readonly kind: "changed"; readonly isNews: boolean; readonly knownKeySha256: string };

export type Trusting =
  | { readonly kind: "trusted"; readonly keySha256: string }
  | { readonly kind: "unknown" }
  /** No key is waiting. */
  | { readonly kind: "idle" }
  /** The waiting key is not the one that the operator named. */
  | { readonly kind: "other"; readonly waitingKeySha256: string };

/** The number of peers by the framing of their last file. `none` counts peers that have sent nothing yet. */
export type PeerCounts = Readonly<Record<SeenFraming | "none", number>>;

export interface PeerPage {
  readonly peers: readonly Peer[];
  /** `after` of the next page; `undefined` on the last one. */
  readonly next: string | undefined;
  readonly total: number;
}

/**
 * The nodes with which this node exchanges files. If the node keeps a record, each change of trust is written to it in
 * the same transaction. Every function throws `AppError("database")` when the database fails, and `storage_full` when
 * it has no room.
 */
export interface PeerStore {
  /** Stores a new node, or judges the key of a known one. Only one of several processes gets `isNews`. */
  meet(nodeId: string, keySha256: string, rule: PinRule): Promise<Meeting>;
  /** Stores the framing of the last file. The key is used only if the node is new. */
  noteFraming(nodeId: string, keySha256: string, framing: SeenFraming): Promise<void>;
  find(nodeId: string): Promise<Peer | undefined>;
  /** Newest peer first. `after` is the `next` of the page before. */
  page(after: string | undefined, limit: number): Promise<PeerPage>;
  counts(): Promise<PeerCounts>;
  /** Makes the waiting key the known one. If `keySha256` is given, only if the waiting key has that hash. */
  trust(nodeId: string, operator: string, keySha256?: string): Promise<Trusting>;
  /** Deletes a node with its key and framing. `false` for an unknown node. The next `meet` stores it as new. */
  forget(nodeId: string, operator: string): Promise<boolean>;
}
