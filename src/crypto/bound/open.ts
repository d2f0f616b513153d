import type { ByteReader } from "../../streams/byte-reader.ts";
import { pullStream } from "../../streams/pull-stream.ts";
import { TAG_BYTES } from "../aes-gcm.ts";
import { DecryptionError } from "../node-cipher.ts";
import { BATCH_PLAIN_BYTES, openChunk } from "./chunks.ts";
import { deriveFileKeys, type FileKeys, isSameCommitment } from "./key-schedule.ts";
import { CHUNK_BYTES, HEADER_BYTES, MAGIC, SALT_BYTES } from "./size.ts";

export interface BoundOpenOptions {
  readonly inputKey: Uint8Array;
  readonly context: Uint8Array;
}

export function hasMagic(head: Uint8Array): boolean {
  return head.length >= MAGIC.length && MAGIC.every((byte, at) => head[at] === byte);
}

/** The keys of the file that begins with this header; `undefined` when they are not the ones it was sealed with. */
export function readHeader(header: Uint8Array, { inputKey, context }: BoundOpenOptions): FileKeys | undefined {
  if (header.length < HEADER_BYTES || !hasMagic(header)) return undefined;
  const saltEnd = MAGIC.length + SALT_BYTES;
  const keys = deriveFileKeys(inputKey, header.subarray(MAGIC.length, saltEnd), context);
  return isSameCommitment(header.subarray(saltEnd, HEADER_BYTES), keys.commitment) ? keys : undefined;
}

/**
 * Decrypts what follows the header, of which so many bytes are announced. Resolves once the first chunk is authenticated;
 * throws `DecryptionError` when it is not. Damage further on fails the stream with one, behind all that is authentic.
 */
export async function openBound(
  reader: ByteReader,
  keys: FileKeys,
  bodyBytes: number,
): Promise<ReadableStream<Uint8Array>> {
  const batches = openChunks(reader, keys, bodyBytes);
  // An empty first piece stands for a file that is empty, and authentic.
  const first = await batches.next();
  return pullStream(continueWith(first, batches), reader.cancel);
}

async function* continueWith(first: IteratorResult<Uint8Array, void>, batches: AsyncGenerator<Uint8Array, void, void>) {
  if (first.done) return;
  if (first.value.length > 0) yield first.value;
  yield* batches;
}

async function* openChunks(reader: ByteReader, keys: FileKeys, bodyBytes: number) {
  for (let rest = bodyBytes, number = 0; ; ) {
    const { plain, chunks, sealedBytes, end } = await openBatch(reader, keys, number, rest);
    if (end === "last" && (await reader.take(1)) !== undefined) {
      throw new DecryptionError("The file is longer than announced");
    }
    number += chunks;
    rest -= sealedBytes;
    if (plain.length > 0 || (number === 1 && end === "last")) yield plain;
    if (end === "broken") throw new DecryptionError(`Chunk ${number} is not authentic`);
    if (end === "last") return;
  }
}

/** The next chunks, up to one that is not authentic or the last one; their plain and sealed bytes. */
async function openBatch(reader: ByteReader, keys: FileKeys, first: number, announcedBytes: number) {
  const plain = new Uint8Array(Math.min(BATCH_PLAIN_BYTES, announcedBytes));
  let [filled, sealedBytes, chunks] = [0, 0, 0];
  const opened = (end: "full" | "last" | "broken") => ({ plain: plain.subarray(0, filled), chunks, sealedBytes, end });
  while (filled < BATCH_PLAIN_BYTES) {
    const chunkBytes = Math.min(CHUNK_BYTES, announcedBytes - sealedBytes);
    const isAuthentic = await openChunk(reader, keys, first + chunks, chunkBytes, plain.subarray(filled));
    if (isAuthentic === undefined) throw new DecryptionError("The file is shorter than announced");
    if (!isAuthentic) return opened("broken");
    filled += chunkBytes - TAG_BYTES;
    sealedBytes += chunkBytes;
    chunks++;
    if (chunkBytes < CHUNK_BYTES) return opened("last");
  }
  return opened("full");
}
