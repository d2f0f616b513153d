import { plainName } from "../hub/file-names.ts";
import { ensureLink, findSameName, nameTaken, removeFromHub, singleFile } from "../hub/files.ts";
import type { Hub } from "../hub/hub.ts";
import type { Log } from "../log.ts";
import type { NewFinal } from "../submissions/queue.ts";
import type { ResultBuckets } from "./result-bucket.ts";

export interface DirectFinalDeps {
  readonly hub: Hub;
  readonly buckets: ResultBuckets;
  readonly log: Log;
}

/**
 * Sends a final to the Hub at once, without storing it on this node; resolves with its size in bytes. If a step after
 * the upload fails, removes the file from the Hub again.
 */
export async function sendDirectly(deps: DirectFinalDeps, final: NewFinal): Promise<number> {
  const { hub, buckets } = deps;
  const { analysisId, filename, contentType, body } = final;
  const bucket = await buckets.get(analysisId);
  const path = plainName(filename);
  if ((await findSameName(hub, bucket.bucketId, [path])).length > 0) throw nameTaken(path);
  const files = await hub.upload(bucket.bucketId, { path, contentType, body });
  try {
    const file = singleFile(files);
    await ensureLink(hub, bucket, file, false);
    return file.sizeBytes;
  } catch (error) {
    await removeFromHub(deps, files);
    throw error;
  }
}
