import { AppError } from "../errors.ts";
import { plainName } from "../hub/file-names.ts";
import { removeFromHub } from "../hub/files.ts";
import type { Hub, HubBucket, HubFile } from "../hub/hub.ts";
import type { Attempt } from "../idempotency/attempt.ts";
import type { Log } from "../log.ts";
import { within } from "../time/deadline.ts";

export interface HubSendingDeps {
  readonly hub: Hub;
  readonly newId: () => string;
  readonly log: Log;
}

/** A file as the Hub is to have it. */
export interface Encoded {
  readonly body: ReadableStream<Uint8Array>;
  readonly sizeBytes: number | undefined;
}

export interface HubSending<E extends Encoded> {
  readonly bucket: HubBucket;
  readonly filename: string;
  readonly encode: () => Promise<E>;
  /** Whether `encode` can begin again from the first byte. */
  readonly isRepeatable: boolean;
  readonly attempt: Attempt | undefined;
}

const maxTries = 4;
const patienceMs = 2_000;
/** When to look again for what the Hub was still storing as its connection broke. */
const laterMs = [2_000, 10_000, 30_000];

/**
 * Sends a file; where the Hub breaks off, and the bytes can be had again, whole once more and under another name, up to three
 * times. What was torn, and what an attempt before this one has left, is removed. Names are unique in a bucket; all that are
 * given to one file begin with the same id, by which they are found again, and the Hub keeps the last segment as the name.
 */
export async function sendToHub<E extends Encoded>(
  deps: HubSendingDeps,
  sending: HubSending<E>,
): Promise<{ readonly files: readonly HubFile[]; readonly encoded: E }> {
  const { hub, newId } = deps;
  const { bucket, filename, encode, isRepeatable, attempt } = sending;
  const id = attempt?.id ?? newId();
  /** Paths that may hold a piece of this file. */
  const torn = new Set<string>();
  let isSignedInAnew = false;
  if (attempt?.isRepeat) await removeFiles(deps, bucket, id, (path) => path.startsWith(id));
  // What passes by only once must not meet a token that the Hub no longer takes: a look-up, of no file, replaces such a one.
  if (!isRepeatable) await hub.findFile(bucket.bucketId);
  for (let tries = 1; ; tries += 1) {
    const isFirst = tries === 1 && !attempt?.isRepeat;
    const path = plainName(`${isFirst ? id : `${id}-${newId().slice(0, 8)}`}/${filename}`);
    const encoded = await encode();
    const { body, sizeBytes } = encoded;
    try {
      const upload = {
        path,
        contentType: "application/octet-stream",
        body,
        ...(sizeBytes !== undefined && { sizeBytes }),
      };
      const files = await hub.upload(bucket.bucketId, upload);
      if (torn.size > 0) await removeTorn(deps, bucket, id, torn);
      return { files, encoded };
    } catch (error) {
      // A larger file cannot be begun anew below, but here it can; the Hub has taken nothing of it.
      if (isRepeatable && !isSignedInAnew && isRejection(error)) {
        isSignedInAnew = true;
        continue;
      }
      const isBreak = isBroken(error);
      if (isBreak) torn.add(path);
      if (torn.size === 0) throw error;
      if (!isBreak || !isRepeatable || tries === maxTries) {
        // The client need not wait for a Hub that is away.
        await within(removeTorn(deps, bucket, id, torn), patienceMs);
        throw error;
      }
      deps.log.info("hub.upload.repeated", { tries });
    }
  }
}

function isRejection(error: unknown): boolean {
  return error instanceof AppError && error.upstream?.isAboutSignIn === true;
}

/** A proxy in front says 502 when the Hub itself breaks off. */
function isBroken(error: unknown): boolean {
  if (!(error instanceof AppError)) return false;
  return error.uncertain || (error.upstream?.status === 502 && error.upstream.isForeign === true);
}

/**
 * Now, and a while later once more, as a Hub may store what it has been given after its connection is gone. By their whole paths:
 * a repeat of the same request may have been done meanwhile, and its file begins with the same id.
 */
function removeTorn(deps: HubSendingDeps, bucket: HubBucket, id: string, torn: ReadonlySet<string>): Promise<void> {
  const remove = () => removeFiles(deps, bucket, id, (path) => torn.has(path));
  for (const ms of laterMs) setTimeout(() => void remove(), ms).unref();
  return remove();
}

/** Never throws: what cannot be removed is logged, and nobody knows its id. */
async function removeFiles(
  deps: HubSendingDeps,
  bucket: HubBucket,
  id: string,
  isLeft: (path: string) => boolean,
): Promise<void> {
  const left: HubFile[] = [];
  try {
    for await (const file of deps.hub.listFiles(bucket.bucketId)) {
      if (isLeft(file.path)) left.push(file);
    }
  } catch {
    deps.log.warn("intermediate.left-at-hub", { uploadId: id });
  }
  await removeFromHub(deps, left, "intermediate.left-at-hub");
}
