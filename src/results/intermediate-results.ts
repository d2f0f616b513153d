import type { NodeCipher } from "../crypto/node-cipher.ts";
import type { Hub, HubFile } from "../hub/hub.ts";
import type { Attempt } from "../idempotency/attempt.ts";
import type { Log } from "../log.ts";
import type { Peers } from "../peers/peers.ts";
import type { Recorder } from "../record/recorder.ts";
import type { ContentHash } from "../streams/content-hash.ts";
import type { Spool } from "../streams/spool.ts";
import type { LocalResults } from "./local.ts";
import type { Upload } from "./upload.ts";

/**
 * Results that nodes exchange through the Hub. Only the two nodes can read an encrypted one; the Hub gives any other to
 * everybody who is signed in to it. If the client disconnects while it sends, nothing stays at the Hub.
 */
export interface IntermediateResults {
  /** Sends a file, encrypted if the form names a `remote_node_id`. `isForNode` refuses a form that names none. */
  send(analysisId: string, upload: Upload, isForNode?: boolean): Promise<SentIntermediate>;
  /** Encrypts a stored local object and sends it, without passing it through the client. */
  sendLocal(analysisId: string, objectId: string, remoteNodeId: string, attempt?: Attempt): Promise<SentIntermediate>;
  /** Throws `not_found` for a file that is not in a bucket of this analysis, just as for one that does not exist. */
  find(analysisId: string, objectId: string): Promise<HubFile>;
  /**
   * The bytes of a file that `find` returned: decrypted if the sending node is named, otherwise as stored. Decryption
   * authenticates each byte before it releases it. The stream fails if a later part is damaged, or if the length is not
   * what the Hub announced. The outcome is recorded, also when the client cancels or the signal says that it is gone.
   * After a complete delivery the Hub's copy is removed if the settings say so; after a failure it always stays.
   */
  deliver(
    analysisId: string,
    file: HubFile,
    sender: Sender | undefined,
    signal: AbortSignal,
  ): Promise<ReadableStream<Uint8Array>>;
}

/** What a reader says about the node that sent a file. */
export interface Sender {
  readonly nodeId: string;
  /** From the link to the file. */
  readonly seal: string | undefined;
}

export interface SentIntermediate {
  /** The Hub's id of the file. */
  readonly objectId: string;
  /** Set for an encrypted file if links carry the sender's id: the receiver needs it to decrypt. */
  readonly senderNodeId: string | undefined;
  /** Set for a bound file: distinguishes it from all others, and the receiver checks it. */
  readonly seal: string | undefined;
  /** Size of the file as the Hub stores it. */
  readonly bytes: number;
  /** Of the plain file; set if responses include hashes. */
  readonly sha256?: string | undefined;
}

/** What the record says about a transfer, as far as it is known. */
export interface TransferFacts {
  peerNodeId?: string | undefined;
  /** Of the plain file. */
  bytes?: number | undefined;
  sha256?: string | undefined;
}

export interface IntermediateDeps {
  readonly hub: Hub;
  readonly cipher: NodeCipher;
  readonly peers: Peers;
  readonly spool: Spool;
  readonly local: Pick<LocalResults, "open">;
  /** This node's id on the Hub, where it is known. */
  readonly findOwnNodeId: () => Promise<string | undefined>;
  readonly newId: () => string;
  readonly options: IntermediateOptions;
  /** Set if responses include the hash of what was sent. */
  readonly digesting?: { readonly newHash: () => ContentHash } | undefined;
  /** Missing if this node keeps no record. */
  readonly recording?: Recording | undefined;
  /** Called after each sent file; set if sent files are later removed from the Hub automatically. Never throws. */
  readonly noteSent?: ((sent: { readonly objectId: string; readonly analysisId: string }) => Promise<void>) | undefined;
  readonly log: Log;
}

export interface Recording {
  readonly recorder: Recorder;
  readonly newHash: () => ContentHash;
}

export interface IntermediateOptions {
  readonly requireEncryption: boolean;
  readonly anyAnalysis: boolean;
  readonly deleteAfterRead: boolean;
  /** Whether links carry the id of the sending node. */
  readonly urlWithNodeId: boolean;
}
