import { DecryptionError, type NodeCipher } from "../crypto/node-cipher.ts";
import { AppError, fieldProblem } from "../errors.ts";
import type { Hub, HubBucket, HubFile } from "../hub/hub.ts";
import type { Log } from "../log.ts";
import { expectLength } from "../streams/expect-length.ts";
import type { Spool } from "../streams/spool.ts";
import { parseUuid } from "../uuid.ts";
import { fitFilename } from "./file-name.ts";
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
  /** To be told once a file was delivered to its last byte: removes the Hub's copy where the settings say so. */
  delivered(analysisId: string, file: HubFile): Promise<void>;
}

export interface SentIntermediate {
  /** The Hub's id of the file. */
  readonly objectId: string;
  /** Set for an encrypted file: the receiver needs this node's id to decrypt. */
  readonly senderNodeId: string | undefined;
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

/** The Hub takes no longer path. */
const maxPathCharacters = 255;

export function createIntermediateResults(deps: IntermediateDeps): IntermediateResults {
  const { hub, cipher, options, log } = deps;

  async function peerKey(nodeId: string): Promise<string> {
    const node = await hub.findNode(nodeId);
    if (node === undefined) throw new AppError("not_found", `Remote node with ID ${nodeId} does not exist.`);
    if (node.publicKey !== undefined) return node.publicKey;
    throw new AppError("invalid_input", `Remote node with ID ${nodeId} does not provide a public key`);
  }

  async function owns(analysisId: string, bucketId: string): Promise<boolean> {
    if (options.anyAnalysis) return true;
    if ((await hub.findBucket(analysisId, "TEMP"))?.bucketId === bucketId) return true;
    return (await hub.findBucket(analysisId, "RESULT"))?.bucketId === bucketId;
  }

  async function find(analysisId: string, objectId: string): Promise<HubFile> {
    const file = await hub.findFile(objectId);
    if (file !== undefined && (await owns(analysisId, file.bucketId))) return file;
    throw missing(objectId);
  }

  async function open(file: HubFile, senderNodeId: string | undefined): Promise<ReadableStream<Uint8Array>> {
    const key = senderNodeId === undefined ? undefined : await peerKey(senderNodeId);
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

  return {
    find,
    open,
    send: (analysisId, upload) => sendUpload(deps, peerKey, analysisId, upload),

    async sendLocal(analysisId, objectId, remoteNodeId) {
      const opened = await deps.local.open(analysisId, objectId);
      const plain = opened.body instanceof Blob ? opened.body.stream() : opened.body;
      try {
        const target = await prepare(deps, peerKey, analysisId, remoteNodeId);
        const { filename = objectId, sizeBytes } = opened.info;
        return await deliver(deps, target, { filename, plain, plainBytes: sizeBytes });
      } finally {
        // A stream that has been read to its end, or is being read, takes no harm.
        if (!plain.locked) await plain.cancel();
      }
    },

    async delivered(analysisId, file) {
      log.info("intermediate.received", { analysisId, objectId: file.id, bytes: file.sizeBytes, outcome: "ok" });
      if (!options.deleteAfterRead) return;
      try {
        if (!(await hub.removeFile(file.id))) log.info("intermediate.kept", { objectId: file.id });
      } catch (error) {
        log.warn("intermediate.kept", { objectId: file.id, reason: String(error) });
      }
    },
  };
}

/** Where a file goes and who can read it there; all that can be refused before its first byte is sent. */
interface Target {
  readonly analysisId: string;
  readonly bucket: HubBucket;
  readonly peerPublicKey: string | undefined;
  readonly senderNodeId: string | undefined;
}

type FindPeerKey = (nodeId: string) => Promise<string>;

async function sendUpload(
  deps: IntermediateDeps,
  peerKey: FindPeerKey,
  analysisId: string,
  upload: Upload,
): Promise<SentIntermediate> {
  const { filename } = upload;
  const early = readRemoteNodeId(upload.early);
  if (early !== undefined) {
    const target = await prepare(deps, peerKey, analysisId, early);
    return deliver(deps, target, { filename, plain: upload.body, rest: upload.rest });
  }
  // Whether to encrypt, and for whom, may still follow: until then the file must not leave the node.
  const spooled = await deps.spool.write(upload.body);
  try {
    const remoteNodeId = readRemoteNodeId(await upload.rest());
    if (remoteNodeId === undefined && deps.options.requireEncryption) {
      throw fieldProblem("missing", ["body", "remote_node_id"], "Field required");
    }
    const target = await prepare(deps, peerKey, analysisId, remoteNodeId);
    return await deliver(deps, target, { filename, plain: spooled.open(), plainBytes: spooled.sizeBytes });
  } finally {
    await spooled.remove();
  }
}

async function prepare(
  { hub, findOwnNodeId, options }: IntermediateDeps,
  peerKey: FindPeerKey,
  analysisId: string,
  remoteNodeId: string | undefined,
): Promise<Target> {
  const bucket = await hub.findBucket(analysisId, "TEMP");
  if (bucket === undefined) {
    throw new AppError("not_found", `Temp bucket for analysis with ID ${analysisId} was not found`);
  }
  if (remoteNodeId === undefined) return { analysisId, bucket, peerPublicKey: undefined, senderNodeId: undefined };
  const peerPublicKey = await peerKey(remoteNodeId);
  return { analysisId, bucket, peerPublicKey, senderNodeId: options.urlWithNodeId ? await findOwnNodeId() : undefined };
}

interface Delivery {
  readonly filename: string;
  readonly plain: ReadableStream<Uint8Array>;
  readonly plainBytes?: number;
  /** What must still be right after the file's last byte for it to count. */
  readonly rest?: () => Promise<unknown>;
}

async function deliver(deps: IntermediateDeps, target: Target, delivery: Delivery): Promise<SentIntermediate> {
  const { hub, cipher, newId, log } = deps;
  const { analysisId, bucket, peerPublicKey, senderNodeId } = target;
  const { plain, plainBytes } = delivery;
  const body = peerPublicKey === undefined ? plain : await cipher.seal(plain, peerPublicKey);
  const sizeBytes =
    peerPublicKey === undefined || plainBytes === undefined ? plainBytes : cipher.sealedSize(plainBytes);
  const files = await hub.upload(bucket.bucketId, {
    // Names are unique in a bucket; the Hub keeps the last segment as the file's name.
    path: fitFilename(`${newId()}/${delivery.filename}`, maxPathCharacters),
    contentType: "application/octet-stream",
    body,
    ...(sizeBytes === undefined ? {} : { sizeBytes }),
  });
  try {
    const [file, ...others] = files;
    if (file === undefined || others.length > 0) {
      const problem = `Expected single uploaded file to be returned by storage service, got ${files.length}`;
      throw new AppError("hub_unexpected", problem);
    }
    await delivery.rest?.();
    if (bucket.needsLink) await hub.link(bucket, file);
    const encrypted = peerPublicKey !== undefined;
    log.info("intermediate.sent", { analysisId, objectId: file.id, bytes: file.sizeBytes, encrypted, outcome: "ok" });
    return { objectId: file.id, senderNodeId };
  } catch (error) {
    await removeAll(deps, files);
    throw error;
  }
}

async function removeAll({ hub, log }: IntermediateDeps, files: readonly HubFile[]): Promise<void> {
  for (const { id } of files) {
    const removed = await hub.removeFile(id).catch(() => false);
    if (!removed) log.warn("intermediate.left-at-hub", { objectId: id });
  }
}

function readRemoteNodeId(fields: ReadonlyMap<string, string>): string | undefined {
  const text = fields.get("remote_node_id") ?? "";
  if (text === "" || text === "None") return undefined;
  const id = parseUuid(text);
  if (id !== undefined) return id;
  throw fieldProblem("uuid_parsing", ["body", "remote_node_id"], "Input should be a valid UUID", text);
}

function missing(objectId: string) {
  return new AppError("not_found", `Object with ID ${objectId} does not exist`);
}
