import { AppError } from "../errors.ts";
import type { ObjectStore } from "./object-store.ts";
import { s3CodeOf } from "./s3/s3-failure.ts";

/** The access key lacks a right that the service needs. */
export class MissingRight extends Error {
  override readonly name = "MissingRight";
  readonly right: string;

  constructor(right: string, cause: unknown) {
    super(`the access key may not ${right}`, { cause });
    this.right = right;
  }
}

const content = "probe";
const options = { contentType: "text/plain", filename: "probe" } as const;
/** One byte more than a part, so that the store must take it in parts. */
const partedBytes = 5 * 1024 * 1024 + 1;

/**
 * Does once everything that the service does with its store, under keys that begin with the name, and removes it again.
 * Throws `MissingRight` if the store forbids something; resolves with whether the probe was read back as it was stored.
 */
export async function proveRights(objects: ObjectStore, name: string, signal: AbortSignal): Promise<boolean> {
  const [whole, parted] = [`${name}-whole`, `${name}-parts`];
  await needing("list the bucket (s3:ListBucket)", objects.check(signal));
  const stored = objects.put(whole, new Blob([content]).stream(), { ...options, maxBytes: 1024 });
  await needing("write objects (s3:PutObject)", stored);
  let isSame = false;
  try {
    const opened = await needing("read objects (s3:GetObject)", objects.open(whole));
    isSame = opened !== undefined && (await new Response(opened.body).text()) === content;
    await needing("write objects in parts (s3:PutObject)", breakOff(objects, parted));
    const ofParts = "list and abort uploads in parts (s3:ListBucketMultipartUploads, s3:AbortMultipartUpload)";
    await needing(ofParts, objects.sweepUnfinished(new Date(0)));
    await needing(ofParts, objects.discard(parted));
  } finally {
    await needing("delete objects (s3:DeleteObject)", objects.remove(whole));
  }
  return isSame;
}

/** Begins an upload in parts and ends it before it is complete, so that the store must abort it. */
async function breakOff(objects: ObjectStore, key: string): Promise<void> {
  const end = new Error("the probe ends here");
  let left = 1;
  const source = new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        if (left-- > 0) controller.enqueue(new Uint8Array(partedBytes));
        else controller.error(end);
      },
    },
    { highWaterMark: 0 },
  );
  await objects.put(key, source, { ...options, maxBytes: 2 * partedBytes }).catch((error: unknown) => {
    if (error !== end) throw error;
  });
}

async function needing<T>(right: string, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    const isForbidden = error instanceof AppError && /^(?:AccessDenied|Forbidden)$/.test(s3CodeOf(error));
    throw isForbidden ? new MissingRight(right, error) : error;
  }
}
