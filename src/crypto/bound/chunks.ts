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
export async function* sealBatches(reader: ByteReader, keys: MessageKeys) {
  const gathered = new Uint8Array(CHUNK_PLAIN_BYTES);
  for (let number = 0, isLast = false; !isLast; ) {
    // Not zeroed first, which would cost a tenth: only what has been written is yielded.
    const batch = Buffer.allocUnsafeSlow(BATCH_BYTES);
    let end = 0;
    while (end < BATCH_BYTES && !isLast) {
      const plain = reader.takeWhole(CHUNK_PLAIN_BYTES) ?? gathered.subarray(0, await reader.fill(gathered));
      isLast = plain.length < CHUNK_PLAIN_BYTES;
      end += sealChunk(plain, keys, number++, batch, end);
    }
    yield { batch: batch.subarray(0, end), chunks: number };
  }
}

/** Encrypts a whole chunk into the target, from `at` on. Returns its length there. */
function sealChunk(
  plain: Uint8Array,
  { key, baseNonce }: MessageKeys,
  number: number,
  target: Uint8Array,
  at: number,
): number {
  const encryption = createEncryption(key, nonceOf(baseNonce, number));
  target.set(encryption.update(plain), at);
  encryption.final();
  target.set(encryption.getAuthTag(), at + plain.length);
  return plain.length + TAG_BYTES;
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
