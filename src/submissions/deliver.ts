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

/** `no`: repeating the attempt will not help. `later`: it may. */
export type Outcome =
  | { readonly kind: "delivered" }
  | { readonly kind: "no"; readonly error: AppError }
  | { readonly kind: "later"; readonly error: unknown };

export interface DeliveryOptions {
  /** Whether the file may get another name if its own is taken. If not, a taken name is a `no`. */
  readonly mayRename: boolean;
  /** Aborts the upload, but still ends its message properly: a broken message would harm the Hub. */
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
 * Does not send again what the Hub already has: the response to an earlier attempt may have been lost, or its process
 * killed.
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
  // Only this submission uses the alternate name. A file of that name is a piece of it that could not be removed at the
  // time.
  await removeFromHub(
    deps,
    sameName.filter(({ path }) => path !== names.plain),
  );
  const path = isTaken ? names.alternate : names.plain;
  await send(deps, bucket, submission, { path, approved, signal: options.signal });
}

/**
 * Operators approved bytes, not an id. So the whole file is checked again before its first byte leaves. Resolves with the
 * version that was read.
 */
async function proveUnchanged({ objects, newHash }: DeliverDeps, { id, sha256 }: HeldSubmission): Promise<ObjectInfo> {
  const opened = await objects.open(submissionKey(id));
  if (opened === undefined) throw fileMissing();
  const content = opened.body instanceof Blob ? opened.body.stream() : opened.body;
  if ((await hashOf(content, newHash())) === sha256) return opened.info;
  throw notApproved();
}

/** Another version has another entity tag. A file that was edited in its place has another time. */
function isSameVersion(one: ObjectInfo, other: ObjectInfo): boolean {
  return one.etag === other.etag && one.sizeBytes === other.sizeBytes && +one.modifiedAt === +other.modifiedAt;
}

/**
 * The Hub may lose an analysis between a submission and its approval, and reports that in several ways: turns them all
 * into one error.
 */
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
 * Statuses that mean "not now" rather than "no". A conflict means that another node sent a file of this name at the
 * same moment: the next attempt sees that file and takes another name.
 */
const passing = new Set([401, 408, 409, 425, 429]);

/** Statuses that an ingress also sends while it cannot reach the Hub. */
const ambiguous = new Set([403, 404]);

/**
 * Whether the Hub or this node has refused the delivery for good. A refused sign-in is not final: an operator can
 * correct it.
 */
function isDefinite({ code, upstream }: AppError): boolean {
  if (code !== "hub_unexpected") return code === "not_found" || code === "conflict" || code === "changed";
  // This error is about the wrong number of files, not about a status.
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
