import type { ByteReader } from "../../streams/byte-reader.ts";
import { createDecryption, createEncryption, isAuthentic, TAG_BYTES } from "../aes-gcm.ts";
import type { FileKeys } from "./key-schedule.ts";
import { CHUNK_BYTES, CHUNK_PLAIN_BYTES } from "./size.ts";

/**
 * Chunks leave in batches: a response in pieces of 16 KiB costs three times one in larger ones. Those of 1 MiB cost twice those
 * of 256 KiB, as memory for them is fetched from the system anew each time.
 */
const BATCH_CHUNKS = 16;
export const BATCH_PLAIN_BYTES = BATCH_CHUNKS * CHUNK_PLAIN_BYTES;
export const BATCH_BYTES = BATCH_CHUNKS * CHUNK_BYTES;

export type MessageKeys = Pick<FileKeys, "key" | "baseNonce">;

/**
 * Seals the next chunk into the target, piece by piece as it comes, and resolves with its length. One that is not full is the
 * last, perhaps an empty one.
 */
export async function sealChunk(
  reader: ByteReader,
  { key, baseNonce }: MessageKeys,
  number: number,
  target: Uint8Array,
): Promise<number> {
  const encryption = createEncryption(key, nonceOf(baseNonce, number));
  let filled = 0;
  while (filled < CHUNK_PLAIN_BYTES) {
    const piece = await reader.take(CHUNK_PLAIN_BYTES - filled);
    if (piece === undefined) break;
    target.set(encryption.update(piece), filled);
    filled += piece.length;
  }
  encryption.final();
  target.set(encryption.getAuthTag(), filled);
  return filled + TAG_BYTES;
}

/**
 * Opens the next chunk, of so many bytes, into the target, and says whether it is authentic: what is in the target is nobody's
 * before. `undefined` where the source ends too early.
 */
export async function openChunk(
  reader: ByteReader,
  { key, baseNonce }: MessageKeys,
  number: number,
  sealedBytes: number,
  target: Uint8Array,
): Promise<boolean | undefined> {
  const plainBytes = sealedBytes - TAG_BYTES;
  if (plainBytes < 0) return false;
  const decryption = createDecryption(key, nonceOf(baseNonce, number));
  for (let filled = 0; filled < plainBytes; ) {
    const piece = await reader.take(plainBytes - filled);
    if (piece === undefined) return undefined;
    target.set(decryption.update(piece), filled);
    filled += piece.length;
  }
  const tag = new Uint8Array(TAG_BYTES);
  if ((await reader.fill(tag)) < TAG_BYTES) return undefined;
  decryption.setAuthTag(tag);
  return isAuthentic(decryption);
}

/** The chunk's number, big-endian, is XORed into the end of the base nonce. */
function nonceOf(baseNonce: Uint8Array, number: number): Uint8Array {
  const nonce = baseNonce.slice();
  for (let at = nonce.length - 1, rest = number; rest > 0; at--, rest = Math.floor(rest / 256)) {
    nonce[at] = (nonce[at] ?? 0) ^ (rest % 256);
  }
  return nonce;
}
