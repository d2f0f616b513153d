import type { SeenFraming } from "../crypto/node-cipher.ts";

/** What this node knows of the others, and what follows from it for files to and from them. */
export interface Peers {
  /**
   * To be called with every key that the Hub gives for a node, before it is used. A key that has changed is an audit event.
   * With `CRYPTO__PIN=strict` it is refused as `invalid_input`, and so is everything while nobody can tell; else this never
   * throws.
   */
  judgeKey(nodeId: string, publicKey: string): Promise<void>;
  /** Whether a file for the node is to be bound. */
  sendsBound(nodeId: string): Promise<boolean>;
  /** Whether the node has moved on to the bound framing, so that what comes in an older one is a recording. */
  hasMovedOn(nodeId: string): Promise<boolean>;
  /** Notes how an authentic file of the node came. Never throws. */
  noteFraming(nodeId: string, publicKey: string, framing: SeenFraming): Promise<void>;
}
