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
  const gathered = new Uint8Array(CHUNK_BYTES);
  let [rest, number] = [bodyBytes, 0];
  let end: "last" | DecryptionError | undefined;
  while (end === undefined) {
    // Not zeroed first, which would cost a tenth: only what has been decrypted and is authentic is yielded.
    const plain = Buffer.allocUnsafeSlow(Math.min(BATCH_PLAIN_BYTES, rest));
    let filled = 0;
    while (end === undefined && filled < BATCH_PLAIN_BYTES) {
      const bytes = Math.min(CHUNK_BYTES, rest);
      const sealed = reader.takeWhole(bytes) ?? gathered.subarray(0, await reader.fill(gathered.subarray(0, bytes)));
      if (sealed.length < bytes) end = new DecryptionError("The file is shorter than announced");
      else if (!openChunk(sealed, keys, number, plain.subarray(filled)))
        end = new DecryptionError(`Chunk ${number} is not authentic`);
      else {
        filled += bytes - TAG_BYTES;
        rest -= bytes;
        number++;
        if (bytes < CHUNK_BYTES) end = "last";
      }
    }
    if (end === "last" && (await reader.take(1)) !== undefined) {
      throw new DecryptionError("The file is longer than announced");
    }
    if (filled > 0 || (number === 1 && end === "last")) yield plain.subarray(0, filled);
  }
  if (end !== "last") throw end;
}
