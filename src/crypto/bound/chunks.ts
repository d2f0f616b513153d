import type { ByteReader } from "../../streams/byte-reader.ts";
import { createDecryption, createEncryption, isAuthentic, TAG_BYTES } from "../aes-gcm.ts";
import type { FileKeys } from "./key-schedule.ts";
import { CHUNK_BYTES, CHUNK_PLAIN_BYTES } from "./size.ts";

/**
 * Chunks are sent in batches of 256 KiB. A response in pieces of 16 KiB costs three times as much. Pieces of 1 MiB cost
 * twice as much, because the system allocates their memory anew each time.
 */
const BATCH_CHUNKS = 16;
export const BATCH_PLAIN_BYTES = BATCH_CHUNKS * CHUNK_PLAIN_BYTES;
export const BATCH_BYTES = BATCH_CHUNKS * CHUNK_BYTES;

export type MessageKeys = Pick<FileKeys, "key" | "baseNonce">;

/**
 * Seals a stream as chunks, numbered from 0, and yields them in batches. The last chunk is always shorter than the
 * others, and may be empty. The loop awaits pieces of the stream, not single chunks: awaiting each chunk would cost a
 * fifth more.
 */
export async function* sealBatches(reader: ByteReader, { key, baseNonce }: MessageKeys) {
  const begin = (number: number) => createEncryption(key, nonceOf(baseNonce, number));
  let number = 0;
  let encryption = begin(number);
  let room = CHUNK_PLAIN_BYTES;
  let batch = new Uint8Array(BATCH_BYTES);
  let end = 0;

  const endChunk = () => {
    encryption.final();
    batch.set(encryption.getAuthTag(), end);
    end += TAG_BYTES;
  };

  for (let piece = await reader.take(BATCH_BYTES); piece !== undefined; piece = await reader.take(BATCH_BYTES)) {
    for (let at = 0; at < piece.length; ) {
      const part = piece.subarray(at, at + room);
      batch.set(encryption.update(part), end);
      [at, end, room] = [at + part.length, end + part.length, room - part.length];
      if (room > 0) break;
      endChunk();
      number += 1;
      encryption = begin(number);
      room = CHUNK_PLAIN_BYTES;
      if (end < BATCH_BYTES) continue;
      yield { batch, chunks: number };
      batch = new Uint8Array(BATCH_BYTES);
      end = 0;
    }
  }
  endChunk();
  yield { batch: batch.subarray(0, end), chunks: number + 1 };
}

/** Decrypts a whole chunk into the target. Returns whether it is authentic; if not, the target must not be used. */
export function openChunk(
  sealed: Uint8Array,
  { key, baseNonce }: MessageKeys,
  number: number,
  target: Uint8Array,
): boolean {
  const plainBytes = sealed.length - TAG_BYTES;
  if (plainBytes < 0) return false;
  const decryption = createDecryption(key, nonceOf(baseNonce, number));
  decryption.setAuthTag(sealed.subarray(plainBytes));
  target.set(decryption.update(sealed.subarray(0, plainBytes)));
  return isAuthentic(decryption);
}

/** XORs the chunk's number, big-endian, into the end of the base nonce. */
function nonceOf(baseNonce: Uint8Array, number: number): Uint8Array {
  const nonce = baseNonce.slice();
  for (let at = nonce.length - 1, rest = number; rest > 0; at--, rest = Math.floor(rest / 256)) {
    nonce[at] = (nonce[at] ?? 0) ^ (rest % 256);
  }
  return nonce;
}
