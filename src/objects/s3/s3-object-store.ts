import { parseDisposition } from "../../content-disposition.ts";
import { reasonOf } from "../../errors.ts";
import { checkFolderPrefix } from "../object-key.ts";
import type { ByteRange, ObjectInfo, ObjectStore, OpenObject } from "../object-store.ts";
import { lengthOf, totalOf } from "./body.ts";
import { checkS3Key } from "./key.ts";
import { checkListing, listKeys, listUnfinishedUploads, scanObjects } from "./list.ts";
import type { S3Response, SendS3Request } from "./messages.ts";
import { abortUpload, abortUploadsOf, removeKey, removeKeysUnder } from "./remove.ts";
import { createS3Requests, dropBody } from "./request.ts";
import { s3Failure } from "./s3-failure.ts";
import { defaultIdleMs, type S3Options } from "./s3-options.ts";
import { createS3Uploader } from "./upload.ts";
import { inspectVersioning } from "./versioning.ts";

const abortLimitMs = 5_000;

/**
 * An object store in one bucket of an S3-compatible service, addressed by path. Keys that cannot reach such a service unchanged
 * (see `checkS3Key`) are refused with `AppError("invalid_input")`.
 */
export function createS3ObjectStore(settings: S3Options): ObjectStore {
  const { bucket, idleMs = defaultIdleMs, log } = settings;
  const send = createS3Requests(settings);
  const upload = createS3Uploader(send);

  return {
    async put(key, body, options) {
      checkS3Key(key);
      const onLateSuccess = () => {
        removeKey(send, key).catch((error: unknown) =>
          log?.warn("object_store.orphan_left", { key, reason: reasonOf(error) }),
        );
      };
      const onFailedParts = async () => {
        const signal = AbortSignal.timeout(Math.min(idleMs, abortLimitMs));
        await abortUploadsOf(send, key, signal).catch((error: unknown) =>
          log?.warn("object_store.parts_left", { key, reason: reasonOf(error) }),
        );
      };
      return upload({ key, body, options, onFailedParts, onLateSuccess });
    },

    async stat(key) {
      checkS3Key(key);
      const response = await send({ action: "HeadObject", method: "HEAD", key });
      return response === undefined ? undefined : infoOf(response, lengthOf(response));
    },

    async open(key, range) {
      checkS3Key(key);
      return openObject(send, key, range);
    },

    async remove(key) {
      checkS3Key(key);
      await removeKey(send, key);
    },

    async discard(key) {
      checkS3Key(key);
      await abortUploadsOf(send, key, AbortSignal.timeout(idleMs));
      await removeKey(send, key);
    },

    async removeAll(prefix) {
      checkFolderPrefix(prefix);
      return removeKeysUnder(send, prefix);
    },

    async *list(prefix) {
      for await (const keys of listKeys(send, prefix)) yield* keys;
    },

    async *scan(prefix, after) {
      for await (const objects of scanObjects(send, prefix, after)) yield* objects;
    },

    async sweepUnfinished(olderThan) {
      let swept = 0;
      for await (const upload of listUnfinishedUploads(send)) {
        if (upload.startedAt >= olderThan) continue;
        await abortUpload(send, upload);
        swept += 1;
      }
      return swept;
    },

    check: (signal) => checkListing(send, bucket, signal),

    inspect: (signal) => inspectVersioning(send, bucket, signal),
  };
}

async function openObject(send: SendS3Request, key: string, range?: ByteRange): Promise<OpenObject | undefined> {
  const action = "GetObject";
  const response = await send({ action, method: "GET", key, ...(range === undefined ? {} : { range }) });
  if (response === undefined) return undefined;
  try {
    const sizeBytes = range === undefined ? lengthOf(response) : totalOf(response, range);
    return { info: infoOf(response, sizeBytes), body: response.body };
  } catch (error) {
    await dropBody(response);
    throw error;
  }
}

function infoOf({ headers }: S3Response, sizeBytes: number): ObjectInfo {
  const etag = headers.get("etag");
  const modifiedAt = new Date(headers.get("last-modified") ?? Number.NaN);
  if (etag === null || !Number.isSafeInteger(sizeBytes) || Number.isNaN(modifiedAt.getTime())) {
    throw s3Failure("reading an object", "UnexpectedAnswer");
  }
  return {
    sizeBytes,
    contentType: headers.get("content-type") ?? "application/octet-stream",
    filename: parseDisposition(headers.get("content-disposition")),
    etag: etag.startsWith('"') ? etag : `"${etag.replace(/^W\/|"/g, "")}"`,
    modifiedAt,
  };
}
