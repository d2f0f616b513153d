import { DecryptionError } from "../crypto/node-cipher.ts";
import { AppError } from "../errors.ts";
import type { HubFile } from "../hub/hub.ts";
import { expectLength } from "../streams/expect-length.ts";
import { isUuid } from "../uuid.ts";
import { type AuditFacts, createAudit } from "./audit.ts";
import { getPeerKey, sendStored, sendUpload } from "./intermediate-delivery.ts";
import type { IntermediateDeps, IntermediateResults, SentIntermediate } from "./intermediate-results.ts";
import { watchEnd } from "./watch-end.ts";

export function createIntermediateResults(deps: IntermediateDeps): IntermediateResults {
  const { hub, cipher, options, log } = deps;
  const audit = createAudit(log);

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

  async function received(analysisId: string, file: HubFile, failure?: { readonly error: unknown }): Promise<void> {
    const facts = { analysisId, objectId: file.id, bytes: file.sizeBytes };
    if (failure !== undefined) {
      audit.failed("intermediate.received", facts, failure.error);
      log.warn("intermediate.broken_off", { objectId: file.id, reason: String(failure.error) });
      return;
    }
    audit.ok("intermediate.received", facts);
    if (options.deleteAfterRead) await removeCopy(file);
  }

  function sent(analysisId: string, send: () => Promise<SentIntermediate>): Promise<SentIntermediate> {
    const facts: AuditFacts = { analysisId };
    return audit.during("intermediate.sent", facts, async () => {
      const result = await send();
      Object.assign(facts, { objectId: result.objectId, bytes: result.bytes });
      return result;
    });
  }

  return {
    find,
    send: (analysisId, upload, isForNode = false) =>
      sent(analysisId, () => sendUpload(deps, analysisId, upload, isForNode || deps.options.requireEncryption)),

    sendLocal: (analysisId, objectId, remoteNodeId) =>
      sent(analysisId, async () => {
        return sendStored(deps, analysisId, remoteNodeId, await deps.local.open(analysisId, objectId));
      }),

    async deliver(analysisId, file, senderNodeId, signal) {
      const body = await open(file, senderNodeId);
      return watchEnd(body, signal, (failure) => received(analysisId, file, failure));
    },
  };
}

function missing(objectId: string) {
  return new AppError("not_found", `Object with ID ${objectId} does not exist`);
}
