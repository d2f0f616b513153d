import type { Binding } from "../crypto/node-cipher.ts";
import { AppError, type FieldProblem, fieldProblem } from "../errors.ts";
import { plainName } from "../hub/file-names.ts";
import { removeFromHub, singleFile } from "../hub/files.ts";
import type { HubBucket } from "../hub/hub.ts";
import type { OpenObject } from "../objects/object-store.ts";
import { countedContent } from "../streams/counted-content.ts";
import { parseUuid } from "../uuid.ts";
import { defaultFilename } from "./file-name.ts";
import { findFreshBucket } from "./fresh-bucket.ts";
import type { IntermediateDeps, SentIntermediate, TransferFacts } from "./intermediate-results.ts";
import type { Upload } from "./upload.ts";

/** Where a file goes and who can read it there; all that can be refused before its first byte is sent. */
interface Target {
  readonly bucket: HubBucket;
  readonly receiver: Receiver | undefined;
  /** For the link. */
  readonly senderNodeId: string | undefined;
}

interface Receiver {
  readonly peerPublicKey: string;
  /** Set for the bound framing. */
  readonly binding: Binding | undefined;
}

/** Sends a file as it comes in where the form names its receiver first, else when the form has been read. */
export async function sendUpload(
  deps: IntermediateDeps,
  analysisId: string,
  upload: Upload,
  isForNode: boolean,
  facts: TransferFacts,
): Promise<SentIntermediate> {
  const { filename } = upload;
  const early = readRemoteNodeId(upload.early);
  if (early !== undefined) {
    facts.peerNodeId = early;
    const target = await prepare(deps, analysisId, early);
    return deliver(deps, target, facts, { filename, plain: upload.body, confirm: () => refuseChange(upload, early) });
  }
  // Whether to encrypt, and for whom, may still follow: until then the file must not leave the node.
  const spooled = await deps.spool.write(upload.body);
  try {
    const remoteNodeId = readRemoteNodeId(upload.fields());
    if (remoteNodeId === undefined && isForNode) {
      throw fieldProblem({ field: "remote_node_id", problem: "missing", message: "Field required" });
    }
    facts.peerNodeId = remoteNodeId;
    const target = await prepare(deps, analysisId, remoteNodeId);
    return await deliver(deps, target, facts, { filename, plain: spooled.open(), plainBytes: spooled.sizeBytes });
  } finally {
    await spooled.remove();
  }
}

/** Sends a stored object, encrypted; its stream is used up or closed in any case. */
export async function sendStored(
  deps: IntermediateDeps,
  analysisId: string,
  remoteNodeId: string,
  { info, body }: OpenObject,
  facts: TransferFacts,
): Promise<SentIntermediate> {
  facts.peerNodeId = remoteNodeId;
  const plain = body instanceof Blob ? body.stream() : body;
  try {
    const target = await prepare(deps, analysisId, remoteNodeId);
    return await deliver(deps, target, facts, {
      filename: info.filename ?? defaultFilename,
      plain,
      plainBytes: info.sizeBytes,
    });
  } finally {
    // Whoever has begun to read it closes it.
    if (!plain.locked) await plain.cancel();
  }
}

/** Throws `not_found` for an unknown node, `invalid_input` for one without a key or with one that must be trusted first. */
export async function getPeerKey({ hub, peers }: Pick<IntermediateDeps, "hub" | "peers">, nodeId: string) {
  const node = await hub.findNode(nodeId);
  if (node === undefined) throw new AppError("not_found", `Remote node with ID ${nodeId} does not exist.`);
  const { publicKey } = node;
  if (publicKey === undefined) {
    throw new AppError("invalid_input", `Remote node with ID ${nodeId} does not provide a public key`);
  }
  await peers.judgeKey(nodeId, publicKey);
  return publicKey;
}

/** Throws `hub_unexpected` where this node's id is neither set nor to be found on the Hub: bound files need it. */
export async function getOwnNodeId({ findOwnNodeId }: Pick<IntermediateDeps, "findOwnNodeId">): Promise<string> {
  const own = await findOwnNodeId();
  if (own !== undefined) return own;
  throw new AppError("hub_unexpected", "The Hub does not tell this node's own id, which bound encryption needs", {
    operatorDetail: "Set HUB__NODE_ID to this node's id on the Hub",
  });
}

async function prepare(deps: IntermediateDeps, analysisId: string, remoteNodeId: string | undefined): Promise<Target> {
  const { hub, peers, findOwnNodeId, options } = deps;
  const bucket = await findFreshBucket(hub, analysisId, "TEMP");
  if (bucket === undefined) {
    throw new AppError("not_found", `Temp bucket for analysis with ID ${analysisId} was not found`);
  }
  if (remoteNodeId === undefined) return { bucket, receiver: undefined, senderNodeId: undefined };
  const peerPublicKey = await getPeerKey(deps, remoteNodeId);
  const binding = (await peers.sendsBound(remoteNodeId))
    ? { analysisId, senderNodeId: await getOwnNodeId(deps), receiverNodeId: remoteNodeId }
    : undefined;
  const senderNodeId = options.urlWithNodeId ? (binding?.senderNodeId ?? (await findOwnNodeId())) : undefined;
  return { bucket, receiver: { peerPublicKey, binding }, senderNodeId };
}

/** A form that names another receiver behind its file was not meant for the first one either. */
function refuseChange(upload: Upload, early: string): void {
  if (readRemoteNodeId(upload.fields()) === early) return;
  const message = "The field is given twice, with different values";
  throw fieldProblem({ field: "remote_node_id", problem: "value_error", message });
}

interface Delivery {
  readonly filename: string;
  readonly plain: ReadableStream<Uint8Array>;
  readonly plainBytes?: number;
  /** Throws if the file must not stay at the Hub after all: its form said otherwise in the end, or nobody waits any more. */
  readonly confirm?: () => void;
}

async function deliver(
  deps: IntermediateDeps,
  target: Target,
  facts: TransferFacts,
  delivery: Delivery,
): Promise<SentIntermediate> {
  const { hub, newId, recording } = deps;
  const { bucket, senderNodeId } = target;
  const counted = recording && countedContent(delivery.plain, recording.newHash());
  const plain = counted?.stream ?? delivery.plain;
  const { body, sizeBytes, seal } = await encode(deps, target, { ...delivery, plain });
  const files = await hub.upload(bucket.bucketId, {
    // Names are unique in a bucket; the Hub keeps the last segment as the file's name.
    path: plainName(`${newId()}/${delivery.filename}`),
    contentType: "application/octet-stream",
    body,
    ...(sizeBytes === undefined ? {} : { sizeBytes }),
  });
  try {
    const file = singleFile(files);
    Object.assign(facts, counted?.facts());
    delivery.confirm?.();
    if (bucket.needsLink) await hub.link(bucket, file);
    return { objectId: file.id, senderNodeId, seal, bytes: file.sizeBytes };
  } catch (error) {
    await removeFromHub(deps, files, "intermediate.left-at-hub");
    throw error;
  }
}

/** The file as the Hub is to have it. */
async function encode({ cipher }: IntermediateDeps, { receiver }: Target, { plain, plainBytes }: Delivery) {
  if (receiver === undefined) return { body: plain, sizeBytes: plainBytes, seal: undefined };
  const { peerPublicKey, binding } = receiver;
  const { sealedSize } = binding === undefined ? cipher : cipher.bound;
  const sizeBytes = plainBytes === undefined ? undefined : sealedSize(plainBytes);
  if (binding === undefined) return { body: await cipher.seal(plain, peerPublicKey), sizeBytes, seal: undefined };
  return { ...(await cipher.bound.seal(plain, peerPublicKey, binding)), sizeBytes };
}

/**
 * Only a field that is not there means a file that everybody at the Hub may read. One that is empty, `None` or no UUID is a
 * client's mistake, and what it was to protect must not go out in plain text.
 */
function readRemoteNodeId(fields: ReadonlyMap<string, string>): string | undefined {
  const [problem] = findReceiverProblems(fields);
  if (problem !== undefined) throw fieldProblem(problem);
  return parseUuid(fields.get("remote_node_id") ?? "");
}

export function findReceiverProblems(fields: ReadonlyMap<string, string>): FieldProblem[] {
  const text = fields.get("remote_node_id");
  if (text === undefined || parseUuid(text) !== undefined) return [];
  const message = "Input should be a valid UUID";
  return [{ field: "remote_node_id", problem: "uuid_parsing", message, input: text }];
}
