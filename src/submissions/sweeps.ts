import type { ObjectStore } from "../objects/object-store.ts";
import { parseUuid } from "../uuid.ts";
import { type SubmissionStore, submissionFolder, submissionKey } from "./store/submission-store.ts";

export interface LeftoversDeps {
  readonly store: Pick<SubmissionStore, "find" | "list" | "findEnded" | "remove">;
  readonly objects: Pick<ObjectStore, "list" | "stat" | "remove">;
}

/**
 * Removes files without a row, and files of delivered submissions. A file without a row must be older than the given
 * time, because its upload may still be running. Resolves with the number of files removed.
 */
export async function sweepFiles({ store, objects }: LeftoversDeps, olderThan: Date): Promise<number> {
  const keys = await Array.fromAsync(objects.list(submissionFolder));
  // The rows are read after the keys, because a row is added after its file.
  const wanted = new Set(
    (await store.list(["held", "queued", "delivering", "rejected"])).map(({ id }) => submissionKey(id)),
  );
  let removed = 0;
  for (const key of keys.filter((candidate) => !wanted.has(candidate))) {
    const id = key.slice(submissionFolder.length);
    if (parseUuid(id) !== id) continue;
    const row = await store.find(id);
    if (row !== undefined && row.state !== "delivered") continue;
    if (row === undefined && ((await objects.stat(key))?.modifiedAt ?? olderThan) >= olderThan) continue;
    await objects.remove(key);
    removed += 1;
  }
  return removed;
}

/** Removes submissions that ended longer ago than this, with the files of rejected ones; resolves with their number. */
export async function sweepEnded({ store, objects }: LeftoversDeps, longerAgoMs: number): Promise<number> {
  const ids = await store.findEnded(longerAgoMs);
  for (const id of ids) {
    await objects.remove(submissionKey(id));
    await store.remove(id);
  }
  return ids.length;
}
