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

/** A file in the form in which the Hub stores it. */
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
/** When to look again for files that the Hub was still storing when its connection broke. */
const laterMs = [2_000, 10_000, 30_000];

/**
 * Sends a file. If the Hub breaks off and the file can be encoded again, sends all of it again under another name, up
 * to three times. Removes incomplete files, and what an earlier attempt at the same request left behind. Names are
 * unique in a bucket. All names of one file begin with the same id, by which they are found again; the Hub keeps their
 * last segment as the file's name.
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
  // A body that can be read only once must not meet a token that the Hub no longer accepts. This look-up, which finds
  // no file, makes the session replace such a token.
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
      // The Hub client can start over only with small files when the Hub rejects the token. Here the file can be
      // encoded again, and the Hub has stored nothing of it.
      if (isRepeatable && !isSignedInAnew && isRejection(error)) {
        isSignedInAnew = true;
        continue;
      }
      const isBreak = isBroken(error);
      if (isBreak) torn.add(path);
      if (torn.size === 0) throw error;
      if (!isBreak || !isRepeatable || tries === maxTries) {
        // The client should not wait long for a Hub that is unreachable.
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

/** A proxy in front of the Hub responds with 502 when the Hub itself breaks off. */
function isBroken(error: unknown): boolean {
  if (!(error instanceof AppError)) return false;
  return error.uncertain || (error.upstream?.status === 502 && error.upstream.isForeign === true);
}

/**
 * Removes incomplete files now and again later, because a Hub may store what it received after its connection broke.
 * Compares whole paths: a repeat of the same request may have succeeded meanwhile, and its file begins with the same
 * id.
 */
function removeTorn(deps: HubSendingDeps, bucket: HubBucket, id: string, torn: ReadonlySet<string>): Promise<void> {
  const remove = () => removeFiles(deps, bucket, id, (path) => torn.has(path));
  for (const ms of laterMs) setTimeout(() => void remove(), ms).unref();
  return remove();
}

/** Never throws. Files that cannot be removed are logged; no client knows their ids. */
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
