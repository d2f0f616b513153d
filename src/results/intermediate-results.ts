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
 * Results on their way between nodes, through the Hub. Encrypted ones can be read by the two nodes alone; the Hub gives
 * all others to whoever is signed in to it. A client that goes away leaves nothing at the Hub.
 */
export interface IntermediateResults {
  /** Sends a file, encrypted when the form names a `remote_node_id`; `isForNode` refuses one whose form does not. */
  send(analysisId: string, upload: Upload, isForNode?: boolean): Promise<SentIntermediate>;
  /** Sends a stored local object, encrypted, without passing it through the client. */
  sendLocal(analysisId: string, objectId: string, remoteNodeId: string, attempt?: Attempt): Promise<SentIntermediate>;
  /** Throws `not_found` for a file that is not in a bucket of this analysis, just as for one that does not exist. */
  find(analysisId: string, objectId: string): Promise<HubFile>;
  /**
   * The bytes of a file that `find` gave: decrypted when the node that sent it is named, else as stored. Not a byte is
   * released before it is authenticated; damage further on, or another length than the Hub announced, fails the stream.
   * How the delivery ends is put on record, also when the client cancels it or the signal says that it is gone. Once it was
   * delivered to its last byte the Hub's copy is removed, where the settings say so; after a failure never.
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
  /** Set for an encrypted file: the receiver needs this node's id to decrypt. */
  readonly senderNodeId: string | undefined;
  /** Set for a bound file: what tells it from all others, for the receiver to check. */
  readonly seal: string | undefined;
  /** As the Hub keeps it. */
  readonly bytes: number;
  /** Of the plain file, where answers are to tell it. */
  readonly sha256?: string | undefined;
}

/** What the record is to say of a file on its way, as far as it is known. */
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
  /** Set where answers tell what was sent by its hash. */
  readonly digesting?: { readonly newHash: () => ContentHash } | undefined;
  /** Where nothing is put on record, there is none. */
  readonly recording?: Recording | undefined;
  /** Where what was sent goes from the Hub by itself: hears of it. Never throws. */
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
  /** Whether senders' ids are wanted in urls. */
  readonly urlWithNodeId: boolean;
}
