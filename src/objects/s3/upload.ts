import { formatDisposition } from "../../content-disposition.ts";
import { createByteReader } from "../../streams/byte-reader.ts";
import { storableContentType } from "../content-headers.ts";
import type { PutOptions } from "../object-store.ts";
import type { SendS3Request } from "./messages.ts";
import { createMultipartUpload, type MultipartUpload } from "./multipart.ts";
import { type PartPlan, planParts } from "./part-plan.ts";
import { lookForStored } from "./stored.ts";

export interface Upload {
  readonly key: string;
  readonly body: ReadableStream<Uint8Array>;
  readonly options: PutOptions;
  /** Called, and awaited, when an upload in parts has failed. */
  readonly onFailedParts: () => Promise<void>;
  /** Called when the store completes an upload after it was given up. */
  readonly onLateSuccess: () => void;
}

interface Buffers {
  /** Returns a buffer with arbitrary content. */
  take(size: number): Uint8Array<ArrayBuffer>;
  /** Takes back the buffer of a part that has been sent. */
  give(buffer: Uint8Array<ArrayBuffer>): void;
}

const maxSpare = 4;

/**
 * Uploads streams in parts, small ones in a single request; resolves with the number of bytes that the store has
 * confirmed.
 */
export function createS3Uploader(send: SendS3Request): (upload: Upload) => Promise<number> {
  let running = 0;
  /**
   * Full-size buffers for the next upload. New ones for each upload would stay in memory until they are
   * garbage-collected.
   */
  const spare: Uint8Array<ArrayBuffer>[] = [];
  const buffers = {
    take(size: number) {
      const at = spare.findIndex((buffer) => buffer.length === size);
      return spare.splice(at, at < 0 ? 0 : 1)[0] ?? new Uint8Array(size);
    },
    give(buffer: Uint8Array<ArrayBuffer>) {
      if (spare.length < maxSpare) spare.push(buffer);
    },
  };
  return async (upload) => {
    running += 1;
    const reader = createByteReader(upload.body);
    try {
      const plan = planParts(upload.options.maxBytes, running);
      return await uploadToS3(send, upload, reader, plan, buffers);
    } catch (error) {
      reader.cancel(error).catch(() => {});
      throw error;
    } finally {
      running -= 1;
      if (running === 0) spare.length = 0;
    }
  };
}

async function uploadToS3(
  send: SendS3Request,
  upload: Upload,
  reader: ReturnType<typeof createByteReader>,
  { partSize, queueSize }: PartPlan,
  buffers: Buffers,
): Promise<number> {
  // One byte more, so that the end of a file of the announced size is noticed.
  const expected = Math.min(partSize, (upload.options.maxBytes ?? partSize) + 1);
  const first = buffers.take(expected);
  const filled = await reader.fill(first);
  if (filled < partSize && (filled < expected || expected === partSize)) {
    await putWhole(send, upload, first.subarray(0, filled));
    return filled;
  }
  const whole = filled < partSize ? await grow(reader, first, filled, partSize) : { buffer: first, filled };
  if (whole.filled < partSize) {
    await putWhole(send, upload, whole.buffer.subarray(0, whole.filled));
    return whole.filled;
  }
  return putInParts(send, upload, reader, whole.buffer, queueSize, buffers);
}

/** For files larger than announced. */
async function grow(reader: ReturnType<typeof createByteReader>, first: Uint8Array, filled: number, partSize: number) {
  const buffer = new Uint8Array(partSize);
  buffer.set(first);
  return { buffer, filled: filled + (await reader.fill(buffer.subarray(filled))) };
}

async function putInParts(
  send: SendS3Request,
  upload: Upload,
  reader: ReturnType<typeof createByteReader>,
  first: Uint8Array<ArrayBuffer>,
  queueSize: number,
  buffers: Buffers,
): Promise<number> {
  const { key, options, onLateSuccess } = upload;
  let parts: MultipartUpload | undefined;
  let failure: { readonly error: unknown } | undefined;
  const free: Uint8Array<ArrayBuffer>[] = Array.from({ length: queueSize - 1 }, () => buffers.take(first.length));
  const flights = new Set<Promise<void>>();
  let bytes = 0;

  const start = (running: MultipartUpload, buffer: Uint8Array<ArrayBuffer>, length: number) => {
    bytes += length;
    const flight = running
      .add(buffer.subarray(0, length))
      .catch((error: unknown) => {
        failure ??= { error };
        // Cancels the source at once, because the loop may wait for its next bytes for a long time.
        reader.cancel(error).catch(() => {});
      })
      .finally(() => {
        flights.delete(flight);
        free.push(buffer);
      });
    flights.add(flight);
  };

  try {
    parts = await createMultipartUpload(send, key, objectHeaders(options), onLateSuccess);
    start(parts, first, first.length);
    for (let isOver = false; !isOver; ) {
      while (free.length === 0) await Promise.race(flights);
      const buffer = free.pop();
      if (buffer === undefined) continue;
      const filled = failure === undefined ? await reader.fill(buffer) : 0;
      if (failure !== undefined) break;
      if (filled > 0) start(parts, buffer, filled);
      isOver = filled < buffer.length;
    }
    await Promise.all(flights);
    if (failure !== undefined) throw failure.error;
    for (const buffer of free) buffers.give(buffer);
    await parts.complete(bytes);
    return bytes;
  } catch (error) {
    await parts?.stop();
    await Promise.all(flights);
    await upload.onFailedParts();
    throw error;
  }
}

async function putWhole(send: SendS3Request, upload: Upload, body: Uint8Array<ArrayBuffer>): Promise<void> {
  const { key, options, onLateSuccess } = upload;
  const action = "PutObject";
  const plainHeaders = objectHeaders(options);
  const response = await send({ action, method: "PUT", key, plainHeaders, body, onLateSuccess });
  if (!response?.headers.get("etag")) await lookForStored(send, action, key, body.byteLength);
}

function objectHeaders({ contentType, filename }: PutOptions): Record<string, string> {
  const disposition = filename === undefined ? {} : { "content-disposition": formatDisposition(filename) };
  return { "content-type": storableContentType(contentType), ...disposition };
}
