import type { Binding } from "../crypto/node-cipher.ts";
import { AppError, type FieldProblem, fieldProblem } from "../errors.ts";
import { removeFromHub, singleFile } from "../hub/files.ts";
import type { HubBucket } from "../hub/hub.ts";
import type { Attempt } from "../idempotency/attempt.ts";
import type { OpenObject } from "../objects/object-store.ts";
import type { ContentFacts } from "../streams/content-hash.ts";
import { type CountedContent, countedContent } from "../streams/counted-content.ts";
import { parseUuid } from "../uuid.ts";
import { defaultFilename } from "./file-name.ts";
import { findFreshBucket } from "./fresh-bucket.ts";
import type { IntermediateDeps, SentIntermediate, TransferFacts } from "./intermediate-results.ts";
import { sendToHub } from "./send-to-hub.ts";
import type { Upload } from "./upload.ts";

/**
 * Where a file goes and who can read it there. `prepare` finds this out, and refuses what is wrong, before the first
 * byte is sent.
 */
interface Target {
  readonly bucket: HubBucket;
  readonly receiver: Receiver | undefined;
  /** This node's id, for the file's link; `undefined` if the link carries none. */
  readonly senderNodeId: string | undefined;
}

interface Receiver {
  readonly peerPublicKey: string;
  /** Set for the bound framing. */
  readonly binding: Binding | undefined;
}

/**
 * Streams a file to the Hub if the form names the receiver before the file. Otherwise spools the file until the form
 * has been read.
 */
export async function sendUpload(
  deps: IntermediateDeps,
  analysisId: string,
  upload: Upload,
  isForNode: boolean,
  facts: TransferFacts,
): Promise<SentIntermediate> {
  const { filename, attempt } = upload;
  const content = deps.recording && upload.measure();
  const early = readRemoteNodeId(upload.early);
  if (early !== undefined) {
    facts.peerNodeId = early;
    const target = await prepare(deps, analysisId, early);
    const file = { filename, attempt, content, ...(await openOnce(upload)) };
    return deliver(deps, target, facts, { ...file, confirm: () => refuseChange(upload, early) });
  }
  // A later field may still ask for encryption and name the receiver. Until then the file must not leave the node.
  const spooled = await deps.spool.write(upload.body);
  try {
    const remoteNodeId = readRemoteNodeId(upload.fields());
    if (remoteNodeId === undefined && isForNode) {
      throw fieldProblem(receiverMissing);
    }
    facts.peerNodeId = remoteNodeId;
    const target = await prepare(deps, analysisId, remoteNodeId);
    const file = { open: spooled.open, isRepeatable: true, plainBytes: spooled.sizeBytes };
    return await deliver(deps, target, facts, { filename, attempt, content, ...file });
  } finally {
    await spooled.remove();
  }
}

/** Files of at most this size are kept in memory, so that they can be sent again. */
const smallBytes = 1024 * 1024;

/** Reads a small file into memory; streams a larger one. */
async function openOnce({ maxBytes = Number.POSITIVE_INFINITY, body }: Upload) {
  if (maxBytes > smallBytes) return { open: () => body, isRepeatable: false };
  const content = await new Response(body).blob();
  return { open: () => content.stream(), isRepeatable: true, plainBytes: content.size };
}

/** Encrypts a stored object and sends it. Reads its streams to the end or cancels them, whatever happens. */
export async function sendStored(
  deps: IntermediateDeps,
  analysisId: string,
  remoteNodeId: string,
  openObject: () => Promise<OpenObject>,
  facts: TransferFacts,
  attempt: Attempt | undefined,
): Promise<SentIntermediate> {
  facts.peerNodeId = remoteNodeId;
  const first = await openObject();
  const plain = streamOf(first);
  const hashing = deps.recording ?? deps.digesting;
  let counted: CountedContent | undefined;
  async function open() {
    // The first try takes the stream that is already open, a repeat opens the object again. A stream's reader closes it.
    const opened = plain.locked ? streamOf(await openObject()) : plain;
    counted = hashing && countedContent(opened, hashing.newHash());
    return counted?.stream ?? opened;
  }
  try {
    const target = await prepare(deps, analysisId, remoteNodeId);
    return await deliver(deps, target, facts, {
      filename: first.info.filename ?? defaultFilename,
      open,
      isRepeatable: true,
      plainBytes: first.info.sizeBytes,
      content: () => counted?.facts(),
      attempt,
    });
  } finally {
    if (!plain.locked) await plain.cancel();
  }
}

function streamOf({ body }: OpenObject): ReadableStream<Uint8Array> {
  return body instanceof Blob ? body.stream() : body;
}

/**
 * Throws `not_found` for an unknown node, `invalid_input` for a node without a key or with a key that must be trusted
 * first.
 */
export async function getPeerKey({ hub, peers }: Pick<IntermediateDeps, "hub" | "peers">, nodeId: string) {
  // The request may succeed later: a node can be registered, and can get a key, at any time.
  const mayPass = true;
  const node = await hub.findNode(nodeId);
  if (node === undefined) throw new AppError("not_found", `Remote node with ID ${nodeId} does not exist.`, { mayPass });
  const { publicKey } = node;
  if (publicKey === undefined) {
    throw new AppError("invalid_input", `Remote node with ID ${nodeId} does not provide a public key`, { mayPass });
  }
  await peers.judgeKey(nodeId, publicKey);
  return publicKey;
}

/** Throws `hub_unexpected` if this node's id is neither configured nor found on the Hub. Bound files need it. */
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
    throw new AppError("not_found", `Temp bucket for analysis with ID ${analysisId} was not found`, { mayPass: true });
  }
  if (remoteNodeId === undefined) return { bucket, receiver: undefined, senderNodeId: undefined };
  const peerPublicKey = await getPeerKey(deps, remoteNodeId);
  const binding = (await peers.sendsBound(remoteNodeId))
    ? { analysisId, senderNodeId: await getOwnNodeId(deps), receiverNodeId: remoteNodeId }
    : undefined;
  const senderNodeId = options.urlWithNodeId ? (binding?.senderNodeId ?? (await findOwnNodeId())) : undefined;
  return { bucket, receiver: { peerPublicKey, binding }, senderNodeId };
}

/** Throws if the form names another receiver after the file: it is then unclear for whom the file is meant. */
function refuseChange(upload: Upload, early: string): void {
  if (readRemoteNodeId(upload.fields()) === early) return;
  const message = "The field is given twice, with different values";
  throw fieldProblem({ field: "remote_node_id", problem: "value_error", message });
}

interface Delivery {
  readonly filename: string;
  readonly open: () => ReadableStream<Uint8Array> | Promise<ReadableStream<Uint8Array>>;
  /** Whether it can be opened again. */
  readonly isRepeatable: boolean;
  readonly plainBytes?: number;
  readonly attempt: Attempt | undefined;
  /** Known when the file has been sent; missing if nobody needs it. */
  readonly content?: (() => ContentFacts | undefined) | undefined;
  /** Throws if the file must not stay at the Hub: a later form field contradicts the first, or the client is gone. */
  readonly confirm?: () => void;
}

async function deliver(
  deps: IntermediateDeps,
  target: Target,
  facts: TransferFacts,
  { filename, open, isRepeatable, plainBytes, attempt, content, confirm }: Delivery,
): Promise<SentIntermediate> {
  const { hub, recording, digesting } = deps;
  const { bucket, senderNodeId } = target;
  const encodeAnew = async () => encode(deps, target, await open(), plainBytes);
  const sending = { bucket, filename, encode: encodeAnew, isRepeatable, attempt };
  const { files, encoded } = await sendToHub(deps, sending);
  try {
    const file = singleFile(files);
    const measured = content?.();
    if (recording) Object.assign(facts, measured);
    const sha256 = digesting && measured?.sha256;
    confirm?.();
    await attempt?.confirm();
    if (bucket.needsLink) await hub.link(bucket, file);
    return { objectId: file.id, senderNodeId, seal: encoded.seal, bytes: file.sizeBytes, sha256 };
  } catch (error) {
    await removeFromHub(deps, files, "intermediate.left-at-hub");
    throw error;
  }
}

/** The bytes that the Hub stores: encrypted if there is a receiver. */
async function encode(
  { cipher }: IntermediateDeps,
  { receiver }: Target,
  plain: ReadableStream<Uint8Array>,
  plainBytes: number | undefined,
) {
  if (receiver === undefined) return { body: plain, sizeBytes: plainBytes, seal: undefined };
  const { peerPublicKey, binding } = receiver;
  const { sealedSize } = binding === undefined ? cipher : cipher.bound;
  const sizeBytes = plainBytes === undefined ? undefined : sealedSize(plainBytes);
  if (binding === undefined) return { body: await cipher.seal(plain, peerPublicKey), sizeBytes, seal: undefined };
  return { ...(await cipher.bound.seal(plain, peerPublicKey, binding)), sizeBytes };
}

/**
 * Only a missing field means that everybody at the Hub may read the file. An empty value, `None` or anything else that
 * is no UUID is a client's mistake: the file was to be encrypted and must not go out in plain text.
 */
function readRemoteNodeId(fields: ReadonlyMap<string, string>): string | undefined {
  const [problem] = findReceiverProblems(fields);
  if (problem !== undefined) throw fieldProblem(problem);
  return parseUuid(fields.get("remote_node_id") ?? "");
}

export function findReceiverProblems(fields: ReadonlyMap<string, string>): FieldProblem[] {
  const text = fields.get("remote_node_id");
  if (text === undefined) return [...fields.keys()].some(isMeantAsReceiver) ? [receiverMissing] : [];
  if (parseUuid(text) !== undefined) return [];
  const message = "Input should be a valid UUID";
  return [{ field: "remote_node_id", problem: "uuid_parsing", message, input: text }];
}

const receiverMissing = { field: "remote_node_id", problem: "missing", message: "Field required" };

/** Whether a field name is meant as the receiver: `Remote_Node_ID`, `remoteNodeId`, or `node_id` as in older links. */
export function isMeantAsReceiver(name: string): boolean {
  return /^(?:remote)?nodeid$/.test(name.toLowerCase().replace(/[^a-z]/g, ""));
}
