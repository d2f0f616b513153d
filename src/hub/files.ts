import { AppError } from "../errors.ts";
import type { Log } from "../log.ts";
import { type ContentHash, hashOf } from "../streams/content-hash.ts";
import type { HubBucket, HubFile, HubFiles } from "./hub.ts";

/** The files of a bucket that have one of these names. */
export async function findSameName(hub: Pick<HubFiles, "listFiles">, bucketId: string, names: readonly string[]) {
  const sameName: HubFile[] = [];
  for await (const file of hub.listFiles(bucketId, names)) {
    if (names.includes(file.path)) sameName.push(file);
  }
  return sameName;
}

/**
 * Finds the file with exactly these bytes. Downloads it to compare, because the Hub's own `hash` says nothing about
 * them.
 */
export async function findCopy(
  hub: Pick<HubFiles, "download">,
  sameName: readonly HubFile[],
  { sizeBytes, sha256 }: { readonly sizeBytes: number; readonly sha256: string },
  newHash: () => ContentHash,
): Promise<HubFile | undefined> {
  for (const file of sameName) {
    if (file.sizeBytes !== sizeBytes) continue;
    const content = await hub.download(file.id, file.sizeBytes);
    if (content !== undefined && (await hashOf(content, newHash())) === sha256) return file;
  }
  return undefined;
}

/** The only file of an upload's response. Throws `hub_unexpected` if there is none, or more than one. */
export function singleFile(files: readonly HubFile[]): HubFile {
  const [file, ...others] = files;
  if (file !== undefined && others.length === 0) return file;
  const problem = `Expected single uploaded file to be returned by storage service, got ${files.length}`;
  throw new AppError("hub_unexpected", problem);
}

/**
 * Links a file to its analysis on a Hub that needs it, only once even if the response to an earlier attempt was lost.
 */
export async function ensureLink(
  hub: Pick<HubFiles, "link" | "isLinked">,
  bucket: HubBucket,
  file: HubFile,
  isRepeat: boolean,
): Promise<void> {
  if (!bucket.needsLink) return;
  if (isRepeat && (await hub.isLinked(bucket, file))) return;
  await hub.link(bucket, file);
}

/** Removes the files of an upload from the Hub; never throws. Logs the event for each file that stays. */
export async function removeFromHub(
  { hub, log }: { readonly hub: Pick<HubFiles, "removeFile">; readonly log: Log },
  files: readonly HubFile[],
  event = "final.left-at-hub",
): Promise<void> {
  for (const { id } of files) {
    const isGone = await hub.removeFile(id).catch(() => false);
    if (!isGone) log.warn(event, { objectId: id });
  }
}

export function nameTaken(filename: string) {
  const loggedAs = "The result bucket already has a file of this name";
  return new AppError("conflict", `The result bucket already has a file named \`${filename}\``, { loggedAs });
}

export function bucketMissing(analysisId: string) {
  // The request may succeed later: a new analysis has no bucket for a while.
  return new AppError("not_found", `Result bucket for analysis with ID ${analysisId} was not found`, { mayPass: true });
}
