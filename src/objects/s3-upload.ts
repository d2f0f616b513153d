import type { S3Client } from "bun";
import { formatDisposition, storableContentType } from "./content-headers.ts";
import type { PutOptions } from "./object-store.ts";
import { asS3Failure, s3Failure } from "./s3-errors.ts";
import { watchSource } from "./watched-source.ts";

const mebibyte = 1024 * 1024;
const maxParts = 10_000;
const maxPartBytes = 5 * 1024 * mebibyte;
const maxQueuedBytes = 32 * mebibyte;
/** Two parts in flight keep a store busy; four gave no more speed on loopback and took 40 MiB more memory (measured). */
const maxQueue = 2;
const partRetries = 3;

export interface PartPlan {
  readonly partSize: number;
  readonly queueSize: number;
}

/** Parts large enough for S3's limit of 10,000 and, where they can be, so small that an upload holds no more than 32 MiB. */
export function planParts(maxBytes: number | undefined): PartPlan {
  if (maxBytes === undefined) return { partSize: 16 * mebibyte, queueSize: maxQueue };
  const needed = Math.ceil(maxBytes / maxParts / mebibyte) * mebibyte;
  const partSize = Math.min(maxPartBytes, Math.max(8 * mebibyte, needed));
  return { partSize, queueSize: Math.max(1, Math.min(maxQueue, Math.floor(maxQueuedBytes / partSize))) };
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

/** Uploads a stream in parallel parts, a small one in a single request; resolves with its number of bytes. */
export async function uploadToS3(s3: S3Client, upload: Upload): Promise<number> {
  const { key, body, options, idleMs } = upload;
  const silent = () => s3Failure("upload", "IdleTimeout");
  const source = watchSource(body, idleMs, silent);
  const parts = planParts(options.maxBytes);
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
