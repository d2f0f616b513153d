import { TAG_BYTES } from "../aes-gcm.ts";

/** "FLAMEv2\n": distinguishes a bound file from the older framings. */
export const MAGIC: Uint8Array = new TextEncoder().encode("FLAMEv2\n");
export const SALT_BYTES = 24;
export const COMMITMENT_BYTES = 32;
export const HEADER_BYTES = MAGIC.length + SALT_BYTES + COMMITMENT_BYTES;

export const CHUNK_PLAIN_BYTES = 16 * 1024;
export const CHUNK_BYTES = CHUNK_PLAIN_BYTES + TAG_BYTES;
/** The construction counts chunks with 38 bits. */
export const MAX_CHUNKS = 2 ** 38;

/** The last chunk is always shorter than the others. So a file of whole chunks ends with an empty chunk. */
export function boundSealedSize(plainBytes: number): number {
  const chunks = Math.floor(plainBytes / CHUNK_PLAIN_BYTES) + 1;
  return HEADER_BYTES + plainBytes + chunks * TAG_BYTES;
}

/** The inverse of `boundSealedSize`; `undefined` for a size that no bound file has. */
export function boundPlainSize(sealedBytes: number): number | undefined {
  const body = sealedBytes - HEADER_BYTES;
  const lastBytes = body % CHUNK_BYTES;
  if (body < TAG_BYTES || lastBytes < TAG_BYTES) return undefined;
  return Math.floor(body / CHUNK_BYTES) * CHUNK_PLAIN_BYTES + lastBytes - TAG_BYTES;
}
