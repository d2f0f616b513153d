import { AppError } from "../errors.ts";
import { alternateName, plainName } from "../hub/file-names.ts";
import {
  bucketMissing,
  ensureLink,
  findCopy,
  findSameName,
  nameTaken,
  removeFromHub,
  singleFile,
} from "../hub/files.ts";
import type { Hub, HubBucket, HubFile } from "../hub/hub.ts";
import type { Log } from "../log.ts";
import type { ObjectInfo, ObjectStore } from "../objects/object-store.ts";
import { type ContentHash, hashOf } from "../streams/content-hash.ts";
import { interruptible } from "../streams/interruptible.ts";
import { type HeldSubmission, submissionKey } from "./store/submission-store.ts";

/** `no`: repeating it will not help. `later`: it may. */
export type Outcome =
  | { readonly kind: "delivered" }
  | { readonly kind: "no"; readonly error: AppError }
  | { readonly kind: "later"; readonly error: unknown };

export interface DeliveryOptions {
  /** Whether the file may get another name when its own is taken; else that is a `no`. */
  readonly mayRename: boolean;
  /** Ends the upload properly, as a broken one would harm the Hub. */
  readonly signal: AbortSignal;
}

export interface DeliverDeps {
  readonly hub: Hub;
  readonly objects: Pick<ObjectStore, "open" | "stat">;
  readonly newHash: () => ContentHash;
  readonly log: Log;
}

export type Deliver = (submission: HeldSubmission, options: DeliveryOptions) => Promise<Outcome>;

/** One attempt at delivering a submission. Never throws. */
export function createDeliver(deps: DeliverDeps): Deliver {
  return async (submission, options) => {
    try {
      await deliver(deps, submission, options);
      return { kind: "delivered" };
    } catch (thrown) {
      const error = submission.isApproved ? explain(thrown) : thrown;
      return error instanceof AppError && isDefinite(error) ? { kind: "no", error } : { kind: "later", error };
    }
  };
}

/**
 * The answer to an earlier attempt may have been lost, or its process killed: what the Hub has already is not sent again.
 */
async function deliver(deps: DeliverDeps, submission: HeldSubmission, options: DeliveryOptions): Promise<void> {
  const { hub, objects, newHash } = deps;
  const { id, analysisId, filename, attempts } = submission;
  const isRepeat = attempts > 1;
  if (isRepeat && (await objects.stat(submissionKey(id))) === undefined) throw fileMissing();
  const approved = submission.isApproved ? await proveUnchanged(deps, submission) : undefined;
  const bucket = await hub.findBucket(analysisId, "RESULT");
  if (bucket === undefined) throw submission.isApproved ? bucketGone() : bucketMissing(analysisId);
  const names = { plain: plainName(filename), alternate: alternateName(filename, id) };
  const sameName = await findSameName(hub, bucket.bucketId, Object.values(names));
  const copy = isRepeat ? await findCopy(hub, sameName, submission, newHash) : undefined;
  if (copy !== undefined) return ensureLink(hub, bucket, copy, isRepeat);
  const isTaken = sameName.some(({ path }) => path === names.plain);
  if (isTaken && !options.mayRename) throw nameTaken(names.plain);
  // Nobody else uses the alternate name: what has it is a piece of this submission that could not be removed at the time.
  await removeFromHub(
    deps,
    sameName.filter(({ path }) => path !== names.plain),
  );
  const path = isTaken ? names.alternate : names.plain;
  await send(deps, bucket, submission, { path, approved, signal: options.signal });
}

/** Operators have approved bytes, not an id: before the first of them leaves, all are looked at once more. Resolves with what was read. */
async function proveUnchanged({ objects, newHash }: DeliverDeps, { id, sha256 }: HeldSubmission): Promise<ObjectInfo> {
  const opened = await objects.open(submissionKey(id));
  if (opened === undefined) throw fileMissing();
  const content = opened.body instanceof Blob ? opened.body.stream() : opened.body;
  if ((await hashOf(content, newHash())) === sha256) return opened.info;
  throw notApproved();
}

/** A stored file is written once: another version has another entity tag, and one that was edited in its place another time. */
function isSameVersion(one: ObjectInfo, other: ObjectInfo): boolean {
  return one.etag === other.etag && one.sizeBytes === other.sizeBytes && +one.modifiedAt === +other.modifiedAt;
}

/** An analysis may go for good between a submission and its approval. The Hub says so in more ways than one. */
function explain(error: unknown): unknown {
  const isGone = error instanceof AppError && isDefinite(error) && error.upstream?.status === 404;
  return isGone ? bucketGone() : error;
}

interface Sending {
  readonly path: string;
  /** The version that operators have approved. Only this one is sent. */
  readonly approved: ObjectInfo | undefined;
  readonly signal: AbortSignal;
}

async function send(
  deps: DeliverDeps,
  bucket: HubBucket,
  { id, contentType, sizeBytes }: HeldSubmission,
  { path, approved, signal }: Sending,
): Promise<void> {
  const { hub, objects } = deps;
  const opened = await objects.open(submissionKey(id));
  if (opened === undefined) throw fileMissing();
  const content = opened.body instanceof Blob ? opened.body.stream() : opened.body;
  if (approved !== undefined && !isSameVersion(approved, opened.info)) {
    await content.cancel();
    throw notApproved();
  }
  const body = interruptible(content, signal);
  const files: readonly HubFile[] = await hub.upload(bucket.bucketId, { path, contentType, body, sizeBytes });
  try {
    await ensureLink(hub, bucket, singleFile(files), false);
  } catch (error) {
    if (error instanceof AppError && isDefinite(error)) await removeFromHub(deps, files);
    throw error;
  }
}

/**
 * Statuses that say «not now» rather than «no». A conflict is one with a file that another node has sent at the same moment:
 * the next attempt sees it, and takes another name.
 */
const passing = new Set([401, 408, 409, 425, 429]);

/** What an ingress says as well, for as long as it has no way to the Hub. */
const ambiguous = new Set([403, 404]);

/** Whether the Hub, or this node, has said for good that it will not be. A refused sign-in is the operator's to mend. */
function isDefinite({ code, upstream }: AppError): boolean {
  if (code !== "hub_unexpected") return code === "not_found" || code === "conflict" || code === "changed";
  // It is not about a status, but about the wrong number of files.
  if (upstream === undefined) return true;
  const { status, isAboutSignIn = false, isForeign = false } = upstream;
  if (isAboutSignIn || passing.has(status) || (isForeign && ambiguous.has(status))) return false;
  return status >= 400 && status < 500;
}

function bucketGone() {
  return new AppError("not_found", "The Hub no longer has a result bucket for this analysis.");
}

function notApproved() {
  return new AppError("changed", "The stored file is not the one that was approved.");
}

function fileMissing() {
  return new AppError("not_found", "The stored file is missing");
}
