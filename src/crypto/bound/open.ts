import type { ByteReader } from "../../streams/byte-reader.ts";
import { pullStream } from "../../streams/pull-stream.ts";
import { TAG_BYTES } from "../aes-gcm.ts";
import { DecryptionError } from "../node-cipher.ts";
import { BATCH_BYTES, BATCH_PLAIN_BYTES, openChunk } from "./chunks.ts";
import { deriveFileKeys, type FileKeys, isSameCommitment } from "./key-schedule.ts";
import { CHUNK_BYTES, HEADER_BYTES, MAGIC, SALT_BYTES } from "./size.ts";

export interface BoundOpenOptions {
  readonly inputKey: Uint8Array;
  readonly context: Uint8Array;
}

export function hasMagic(head: Uint8Array): boolean {
  return head.length >= MAGIC.length && MAGIC.every((byte, at) => head[at] === byte);
}

/** Derives the keys of the file with this header. `undefined` if the file was sealed with another key or context. */
export function readHeader(header: Uint8Array, { inputKey, context }: BoundOpenOptions): FileKeys | undefined {
  if (header.length < HEADER_BYTES || !hasMagic(header)) return undefined;
  const saltEnd = MAGIC.length + SALT_BYTES;
  const keys = deriveFileKeys(inputKey, header.subarray(MAGIC.length, saltEnd), context);
  return isSameCommitment(header.subarray(saltEnd, HEADER_BYTES), keys.commitment) ? keys : undefined;
}

/**
 * Decrypts what follows the header. `bodyBytes` is its announced length. Resolves once the first chunk is
 * authenticated, and throws `DecryptionError` if it is not authentic. Later damage fails the stream with a
 * `DecryptionError`, after all authentic bytes before it.
 */
export async function openBound(
  reader: ByteReader,
  keys: FileKeys,
  bodyBytes: number,
): Promise<ReadableStream<Uint8Array>> {
  const batches = openChunks(reader, keys, bodyBytes);
  // `openChunks` yields an empty piece for an empty, authentic file, so this `next` checks that file too.
  const first = await batches.next();
  return pullStream(continueWith(first, batches), reader.cancel);
}

async function* continueWith(first: IteratorResult<Uint8Array, void>, batches: AsyncGenerator<Uint8Array, void, void>) {
  if (first.done) return;
  if (first.value.length > 0) yield first.value;
  yield* batches;
}

async function* openChunks(reader: ByteReader, keys: FileKeys, bodyBytes: number) {
  const buffer = new Uint8Array(Math.min(BATCH_BYTES, bodyBytes));
  for (let rest = bodyBytes, number = 0; ; ) {
    const sealed = buffer.subarray(0, Math.min(BATCH_BYTES, rest));
    const { plain, chunks, end } = await openBatch(reader, keys, number, sealed);
    if (end === "last" && (await reader.take(1)) !== undefined) {
      throw new DecryptionError("The file is longer than announced");
    }
    number += chunks;
    rest -= sealed.length;
    if (plain.length > 0 || (number === 1 && end === "last")) yield plain;
    if (end === "broken") throw new DecryptionError(`Chunk ${number} is not authentic`);
    if (end === "last") return;
  }
}

/**
 * Opens the chunks of a batch, up to the last chunk of the file or the first that is not authentic. Returns their
 * plaintext, how many are authentic, and how the batch ended.
 */
async function openBatch(reader: ByteReader, keys: FileKeys, first: number, sealed: Uint8Array) {
  if ((await reader.fill(sealed)) < sealed.length) throw new DecryptionError("The file is shorter than announced");
  const plain = new Uint8Array(Math.min(BATCH_PLAIN_BYTES, sealed.length));
  let [filled, chunks] = [0, 0];
  const opened = (end: "full" | "last" | "broken") => ({ plain: plain.subarray(0, filled), chunks, end });
  for (let at = 0; at < BATCH_BYTES; at += CHUNK_BYTES) {
    const chunk = sealed.subarray(at, at + CHUNK_BYTES);
    if (!openChunk(chunk, keys, first + chunks, plain.subarray(filled))) return opened("broken");
    filled += chunk.length - TAG_BYTES;
    chunks++;
    if (chunk.length < CHUNK_BYTES) return opened("last");
  }
  return opened("full");
}
