import type { S3Client } from "bun";
import { formatDisposition } from "../../content-disposition.ts";
import { watchSource } from "../../streams/watched-source.ts";
import { storableContentType } from "../content-headers.ts";
import type { PutOptions } from "../object-store.ts";
import { asS3Failure, s3Failure } from "./errors.ts";

const mebibyte = 1024 * 1024;
const maxParts = 10_000;
const maxPartBytes = 5 * 1024 * mebibyte;
const minPartBytes = 5 * mebibyte;
const unknownSizePartBytes = 16 * mebibyte;
const maxQueuedBytes = 32 * mebibyte;
/** More in flight gave no more speed on loopback, and every part costs its size several times in memory (measured). */
const maxQueue = 2;
/** So many uploads at once keep a store busy by themselves. */
const manyUploads = 4;
const partRetries = 3;

export interface PartPlan {
  readonly partSize: number;
  readonly queueSize: number;
}

/** Parts large enough for S3's limit of 10,000, and otherwise as small as S3 allows: memory goes with them. */
export function planParts(maxBytes: number | undefined, uploadsAtOnce = 1): PartPlan {
  const needed = maxBytes === undefined ? unknownSizePartBytes : Math.ceil(maxBytes / maxParts / mebibyte) * mebibyte;
  const partSize = Math.min(maxPartBytes, Math.max(minPartBytes, needed));
  const wanted = uploadsAtOnce > manyUploads ? 1 : maxQueue;
  return { partSize, queueSize: Math.max(1, Math.min(wanted, Math.floor(maxQueuedBytes / partSize))) };
}

export interface Upload {
  readonly key: string;
  readonly body: ReadableStream<Uint8Array>;
  readonly options: PutOptions;
  readonly idleMs: number;
  /** Called, and awaited, when an upload in parts has failed. */
  readonly onFailedParts: () => Promise<void>;
  /** Called when an upload that was given up has been completed by the store after all. */
  readonly onLateSuccess: () => void;
}

/** Uploads streams in parallel parts, small ones in a single request; resolves with the number of bytes. */
export function createS3Uploader(s3: S3Client): (upload: Upload) => Promise<number> {
  let running = 0;
  return async (upload) => {
    running += 1;
    try {
      return await uploadToS3(s3, upload, planParts(upload.options.maxBytes, running));
    } finally {
      running -= 1;
    }
  };
}

async function uploadToS3(s3: S3Client, upload: Upload, parts: PartPlan): Promise<number> {
  const { key, body, options, idleMs } = upload;
  const silent = () => s3Failure("upload", "IdleTimeout");
  const source = watchSource(body, idleMs, silent);
  try {
    const writing = s3.write(key, new Response(source.stream), {
      ...parts,
      retry: partRetries,
      type: literalType(options.contentType),
      contentDisposition: formatDisposition(options.filename),
    });
    const settled = await Promise.race([writing.then(() => "written" as const), source.silence]);
    if (settled === "written") return source.bytes();
    writing.then(upload.onLateSuccess, () => {});
    throw settled;
  } catch (error) {
    if (source.bytes() >= parts.partSize) await upload.onFailedParts();
    throw source.failure()?.error ?? asS3Failure("upload", error);
  } finally {
    source.release();
  }
}

/** Bun adds a charset to some types it knows; behind a space, which is no part of a header's value, it leaves them alone. */
function literalType(contentType: string): string {
  return `${storableContentType(contentType)} `;
}
