import { type Binding, DecryptionError, type SeenFraming } from "../crypto/node-cipher.ts";
import { AppError } from "../errors.ts";
import type { HubFile } from "../hub/hub.ts";
import { countedContent } from "../streams/counted-content.ts";
import { expectLength } from "../streams/expect-length.ts";
import { isUuid } from "../uuid.ts";
import { type AuditFacts, createAudit } from "./audit.ts";
import { getOwnNodeId, getPeerKey, sendStored, sendUpload } from "./intermediate-delivery.ts";
import type {
  IntermediateDeps,
  IntermediateResults,
  Sender,
  SentIntermediate,
  TransferFacts,
} from "./intermediate-results.ts";
import { watchEnd } from "./watch-end.ts";

export function createIntermediateResults(deps: IntermediateDeps): IntermediateResults {
  const { hub, cipher, peers, options, recording, log } = deps;
  const recorder = recording?.recorder;
  const audit = createAudit(log);

  async function owns(analysisId: string, bucketId: string): Promise<boolean> {
    if (options.anyAnalysis) return true;
    if ((await hub.findBucket(analysisId, "TEMP"))?.bucketId === bucketId) return true;
    return (await hub.findBucket(analysisId, "RESULT"))?.bucketId === bucketId;
  }

  async function find(analysisId: string, objectId: string): Promise<HubFile> {
    // A client that is no analysis owns no bucket, so the Hub need not be asked.
    if (!options.anyAnalysis && !isUuid(analysisId)) throw missing(objectId);
    const file = await hub.findFile(objectId);
    if (file !== undefined && (await owns(analysisId, file.bucketId))) return file;
    throw missing(objectId);
  }

  /** What a file must be bound to, so that this analysis accepts it as sent by that node. */
  async function bindingOf(analysisId: string, senderNodeId: string): Promise<Binding> {
    if (!isUuid(analysisId)) throw new DecryptionError("The client is no analysis that a file could be bound to");
    return { analysisId, senderNodeId, receiverNodeId: await getOwnNodeId(deps) };
  }

  async function decrypt(
    analysisId: string,
    { sizeBytes: sealedBytes }: HubFile,
    stored: ReadableStream<Uint8Array>,
    { nodeId, seal }: Sender,
    peerPublicKey: string,
  ): Promise<ReadableStream<Uint8Array>> {
    let framing: SeenFraming | undefined;
    const plain = await cipher.open(stored, {
      peerPublicKey,
      sealedBytes,
      seal,
      binding: () => bindingOf(analysisId, nodeId),
      hasMovedOn: () => peers.hasMovedOn(nodeId),
      onFraming(seen) {
        framing = seen;
      },
    });
    if (framing !== undefined) await peers.noteFraming(nodeId, peerPublicKey, framing);
    return plain;
  }

  async function open(analysisId: string, file: HubFile, sender?: Sender): Promise<ReadableStream<Uint8Array>> {
    const key = sender === undefined ? undefined : await getPeerKey(deps, sender.nodeId);
    const stored = await hub.download(file.id, file.sizeBytes);
    if (stored === undefined) throw missing(file.id);
    if (sender === undefined || key === undefined) return expectLength(stored, file.sizeBytes);
    try {
      return await decrypt(analysisId, file, stored, sender, key);
    } catch (error) {
      if (!(error instanceof DecryptionError)) throw error;
      const problem = `Failed to decrypt file with ID ${file.id} which was encrypted by node ${sender.nodeId}.`;
      throw new AppError("invalid_input", problem, { cause: error, operatorDetail: error.message });
    }
  }

  async function removeCopy(file: HubFile): Promise<void> {
    // The Hub usually does not let a node remove another node's file.
    const removal = hub.removeFile(file.id).then((removed) => (removed ? undefined : "the Hub refuses"), String);
    const reason = await removal;
    if (reason !== undefined) log.info("intermediate.kept", { objectId: file.id, reason });
  }

  async function noteReceived(analysisId: string, { id }: HubFile, facts: TransferFacts, outcome: "ok" | "failed") {
    const entry = { event: "intermediate.received", actor: analysisId, analysisId, objectId: id, ...facts } as const;
    await recorder?.note({ ...entry, outcome });
  }

  async function received(
    analysisId: string,
    file: HubFile,
    plainFacts: TransferFacts,
    failure?: { readonly error: unknown },
  ): Promise<void> {
    const facts = { analysisId, objectId: file.id, bytes: file.sizeBytes };
    if (failure !== undefined) {
      await noteReceived(analysisId, file, plainFacts, "failed");
      audit.failed("intermediate.received", facts, failure.error);
      log.warn("intermediate.broken_off", { objectId: file.id, reason: String(failure.error) });
      return;
    }
    audit.ok("intermediate.received", facts);
    if (options.deleteAfterRead) await removeCopy(file);
  }

  async function sent(
    analysisId: string,
    send: (facts: TransferFacts) => Promise<SentIntermediate>,
  ): Promise<SentIntermediate> {
    const facts: AuditFacts = { analysisId };
    const transfer: TransferFacts = {};
    const entry = { event: "intermediate.sent", actor: analysisId, analysisId } as const;
    return audit.during("intermediate.sent", facts, async () => {
      await recorder?.prove();
      try {
        const result = await send(transfer);
        const { objectId, bytes } = result;
        Object.assign(facts, { objectId, bytes });
        await recorder?.note({ ...entry, objectId, ...transfer, outcome: "ok" });
        await deps.noteSent?.({ objectId, analysisId });
        return result;
      } catch (error) {
        await recorder?.note({ ...entry, ...transfer, outcome: "failed" });
        throw error;
      }
    });
  }

  return {
    find,
    send: (analysisId, upload, isForNode = false) =>
      sent(analysisId, (facts) => {
        return sendUpload(deps, analysisId, upload, isForNode || deps.options.requireEncryption, facts);
      }),

    sendLocal: (analysisId, objectId, remoteNodeId, attempt) =>
      sent(analysisId, (facts) => {
        const open = () => deps.local.open(analysisId, objectId);
        return sendStored(deps, analysisId, remoteNodeId, open, facts, attempt);
      }),

    async deliver(analysisId, file, sender, signal) {
      await recorder?.prove();
      const facts: TransferFacts = { peerNodeId: sender?.nodeId };
      const body = await open(analysisId, file, sender);
      const counted = recording && countedContent(body, recording.newHash());
      return watchEnd(
        counted?.stream ?? body,
        signal,
        (failure) => received(analysisId, file, facts, failure),
        async () => {
          Object.assign(facts, counted?.facts());
          await noteReceived(analysisId, file, facts, "ok");
        },
      );
    },
  };
}

function missing(objectId: string) {
  return new AppError("not_found", `Object with ID ${objectId} does not exist`);
}
