import { DecryptionError, type NodeCipher } from "../crypto/node-cipher.ts";
import { AppError } from "../errors.ts";
import type { Hub, HubFile } from "../hub/hub.ts";
import type { Log } from "../log.ts";
import { expectLength } from "../streams/expect-length.ts";
import type { Spool } from "../streams/spool.ts";
import { isUuid } from "../uuid.ts";
import { type AuditFacts, audited } from "./audit.ts";
import { getPeerKey, sendStored, sendUpload } from "./intermediate-delivery.ts";
import type { LocalResults } from "./local.ts";
import type { Upload } from "./upload.ts";

/**
 * Results on their way between nodes, through the Hub. Encrypted ones can be read by the two nodes alone; the Hub gives
 * all others to whoever is signed in to it. A client that goes away leaves nothing at the Hub.
 */
export interface IntermediateResults {
  /** Sends a file, encrypted when the form names a `remote_node_id`. */
  send(analysisId: string, upload: Upload): Promise<SentIntermediate>;
  /** Sends a stored local object, encrypted, without passing it through the client. */
  sendLocal(analysisId: string, objectId: string, remoteNodeId: string): Promise<SentIntermediate>;
  /** Throws `not_found` for a file that is not in a bucket of this analysis, just as for one that does not exist. */
  find(analysisId: string, objectId: string): Promise<HubFile>;
  /**
   * The bytes of a file that `find` gave: decrypted when the node that sent it is named, else as stored. Not a byte is
   * released before it is authenticated; damage further on, or another length than the Hub announced, fails the stream.
   */
  open(file: HubFile, senderNodeId: string | undefined): Promise<ReadableStream<Uint8Array>>;
  /**
   * To be told how the reading of a file has ended. Once it was delivered to its last byte the Hub's copy is removed, where
   * the settings say so; after a failure never.
   */
  received(analysisId: string, file: HubFile, failure?: { readonly error: unknown }): Promise<void>;
}

export interface SentIntermediate {
  /** The Hub's id of the file. */
  readonly objectId: string;
  /** Set for an encrypted file: the receiver needs this node's id to decrypt. */
  readonly senderNodeId: string | undefined;
  /** As the Hub keeps it. */
  readonly bytes: number;
}

export interface IntermediateDeps {
  readonly hub: Hub;
  readonly cipher: NodeCipher;
  readonly spool: Spool;
  readonly local: Pick<LocalResults, "open">;
  /** This node's id on the Hub, where it is known. */
  readonly findOwnNodeId: () => Promise<string | undefined>;
  readonly newId: () => string;
  readonly options: IntermediateOptions;
  readonly log: Log;
}

export interface IntermediateOptions {
  readonly requireEncryption: boolean;
  readonly anyAnalysis: boolean;
  readonly deleteAfterRead: boolean;
  /** Whether senders' ids are wanted in urls. */
  readonly urlWithNodeId: boolean;
}

export function createIntermediateResults(deps: IntermediateDeps): IntermediateResults {
  const { hub, cipher, options, log } = deps;

  async function owns(analysisId: string, bucketId: string): Promise<boolean> {
    if (options.anyAnalysis) return true;
    if ((await hub.findBucket(analysisId, "TEMP"))?.bucketId === bucketId) return true;
    return (await hub.findBucket(analysisId, "RESULT"))?.bucketId === bucketId;
  }

  async function find(analysisId: string, objectId: string): Promise<HubFile> {
    // A client that is no analysis owns no bucket, so there is nothing to ask the Hub about.
    if (!options.anyAnalysis && !isUuid(analysisId)) throw missing(objectId);
    const file = await hub.findFile(objectId);
    if (file !== undefined && (await owns(analysisId, file.bucketId))) return file;
    throw missing(objectId);
  }

  async function open(file: HubFile, senderNodeId: string | undefined): Promise<ReadableStream<Uint8Array>> {
    const key = senderNodeId === undefined ? undefined : await getPeerKey(hub, senderNodeId);
    const stored = await hub.download(file.id);
    if (stored === undefined) throw missing(file.id);
    if (key === undefined) return expectLength(stored, file.sizeBytes);
    try {
      return await cipher.open(stored, { peerPublicKey: key, sealedBytes: file.sizeBytes });
    } catch (error) {
      if (!(error instanceof DecryptionError)) throw error;
      const problem = `Failed to decrypt file with ID ${file.id} which was encrypted by node ${senderNodeId}.`;
      throw new AppError("invalid_input", problem, { cause: error, operatorDetail: error.message });
    }
  }

  async function removeCopy(file: HubFile): Promise<void> {
    // A node may usually not remove another node's file.
    const removal = hub.removeFile(file.id).then((removed) => (removed ? undefined : "the Hub refuses"), String);
    const reason = await removal;
    if (reason !== undefined) log.info("intermediate.kept", { objectId: file.id, reason });
  }

  function sent(analysisId: string, send: () => Promise<SentIntermediate>): Promise<SentIntermediate> {
    const facts: AuditFacts = { analysisId };
    return audited(log, "intermediate.sent", facts, async () => {
      const result = await send();
      Object.assign(facts, { objectId: result.objectId, bytes: result.bytes });
      return result;
    });
  }

  return {
    find,
    open,
    send: (analysisId, upload) => sent(analysisId, () => sendUpload(deps, analysisId, upload)),

    sendLocal: (analysisId, objectId, remoteNodeId) =>
      sent(analysisId, async () => {
        return sendStored(deps, analysisId, remoteNodeId, await deps.local.open(analysisId, objectId));
      }),

    async received(analysisId, file, failure) {
      const facts = { analysisId, objectId: file.id, bytes: file.sizeBytes };
      const done = async () => {
        if (failure !== undefined) throw failure.error;
      };
      await audited(log, "intermediate.received", facts, done).catch(() => {});
      if (failure !== undefined)
        log.warn("intermediate.broken_off", { objectId: file.id, reason: String(failure.error) });
      else if (options.deleteAfterRead) await removeCopy(file);
    },
  };
}

function missing(objectId: string) {
  return new AppError("not_found", `Object with ID ${objectId} does not exist`);
}
