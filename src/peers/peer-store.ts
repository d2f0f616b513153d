import type { SeenFraming } from "../crypto/node-cipher.ts";

/** Another node, as this one has come to know it. */
export interface Peer {
  /** Canonical UUID. */
  readonly nodeId: string;
  /** SHA-256 of its public key (SPKI), lower-case hex. */
  readonly keySha256: string;
  /** Of another key that the Hub has given for it since, and that nobody has trusted yet. */
  readonly waitingKeySha256: string | undefined;
  /** Of the last file from it that was authentic. */
  readonly framing: SeenFraming | undefined;
  /** When the first bound file came from it. */
  readonly boundSince: Date | undefined;
  readonly firstSeen: Date;
  /** To the hour, about. */
  readonly lastSeen: Date;
}

/** `strict`: another key than the known one waits until an operator trusts it; `log`: it is taken, and put on record. */
export type PinRule = "log" | "strict";

/** What came of meeting a node with a key. */
export type Meeting =
  | { readonly kind: "known" }
  /** `isNews`: this call has found it out, and nobody before. */
  | { readonly kind: "changed"; readonly isNews: boolean; readonly knownKeySha256: string };

export type Trusting =
  | { readonly kind: "trusted"; readonly keySha256: string }
  | { readonly kind: "unknown" }
  /** No other key waits. */
  | { readonly kind: "idle" }
  /** Another one waits than was named. */
  | { readonly kind: "other"; readonly waitingKeySha256: string };

/** How many peers were last seen with a framing; `none` have sent nothing yet. */
export type PeerCounts = Readonly<Record<SeenFraming | "none", number>>;

export interface PeerPage {
  readonly peers: readonly Peer[];
  /** `after` of the next page; `undefined` on the last one. */
  readonly next: string | undefined;
  readonly total: number;
}

/**
 * The nodes that this one exchanges files with. What changes trust is put on record in its own transaction, where a record is
 * kept. Every function throws `AppError("database")` when the database fails, `storage_full` when it has no room.
 */
export interface PeerStore {
  /** Remembers a node that is new; judges the key of one that is not. Of several processes one alone hears the news. */
  meet(nodeId: string, keySha256: string, rule: PinRule): Promise<Meeting>;
  /** Notes how the last file came; the key is that of a node that is new. */
  noteFraming(nodeId: string, keySha256: string, framing: SeenFraming): Promise<void>;
  find(nodeId: string): Promise<Peer | undefined>;
  /** Newest first. */
  page(after: string | undefined, limit: number): Promise<PeerPage>;
  counts(): Promise<PeerCounts>;
  /** Takes the key that waits for the known one; only this one where it is named. */
  trust(nodeId: string, operator: string, keySha256?: string): Promise<Trusting>;
  /** Its key and what it has sent; `false` for an unknown node. The next meeting is the first one. */
  forget(nodeId: string, operator: string): Promise<boolean>;
}
