import type { SeenFraming } from "../crypto/node-cipher.ts";

/** What this node knows about other nodes, and how that affects files to and from them. */
export interface Peers {
  /**
   * Call this with every key that the Hub sends for a node, before the key is used. A changed key is an audit event.
   * With `CRYPTO__PIN=strict` this throws `invalid_input` for a changed key, and the database's error if the database
   * cannot say whether the key has changed. Otherwise it never throws.
   */
  judgeKey(nodeId: string, publicKey: string): Promise<void>;
  /** Whether a file for the node must be bound. */
  sendsBound(nodeId: string): Promise<boolean>;
  /**
   * Whether the node has sent bound files before, and this node's own framing is `auto` or `bound`. Then a file from
   * that node in an older framing counts as a replay.
   */
  hasMovedOn(nodeId: string): Promise<boolean>;
  /** Stores the framing of an authentic file from the node. Never throws. */
  noteFraming(nodeId: string, publicKey: string, framing: SeenFraming): Promise<void>;
}
