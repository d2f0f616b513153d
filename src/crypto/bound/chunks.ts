import { createDecryption, createEncryption, isAuthentic, TAG_BYTES } from "../aes-gcm.ts";
import type { FileKeys } from "./key-schedule.ts";
import { CHUNK_BYTES, CHUNK_PLAIN_BYTES } from "./size.ts";

/**
 * Chunks go through in batches: a response in pieces of 16 KiB costs three times one in pieces of 1 MiB. A full batch holds
 * full chunks alone, so the last chunk, which is shorter, is in the last batch.
 */
const BATCH_CHUNKS = 64;
export const BATCH_PLAIN_BYTES = BATCH_CHUNKS * CHUNK_PLAIN_BYTES;
export const BATCH_BYTES = BATCH_CHUNKS * CHUNK_BYTES;

type MessageKeys = Pick<FileKeys, "key" | "baseNonce">;

/** Seals a batch whose first chunk has the given number. A batch that is not full gets the last chunk, perhaps an empty one. */
export function sealBatch(keys: MessageKeys, firstChunk: number, plain: Uint8Array): Uint8Array {
  const chunks = plain.length === BATCH_PLAIN_BYTES ? BATCH_CHUNKS : Math.floor(plain.length / CHUNK_PLAIN_BYTES) + 1;
  const sealed = new Uint8Array(plain.length + chunks * TAG_BYTES);
  for (let index = 0, end = 0; index < chunks; index++) {
    const start = index * CHUNK_PLAIN_BYTES;
    const encryption = createEncryption(keys.key, nonceOf(keys.baseNonce, firstChunk + index));
    const body = encryption.update(plain.subarray(start, start + CHUNK_PLAIN_BYTES));
    encryption.final();
    sealed.set(body, end);
    sealed.set(encryption.getAuthTag(), end + body.length);
    end += body.length + TAG_BYTES;
  }
  return sealed;
}

export interface OpenedBatch {
  /** Of all chunks before the first one that is not authentic. */
  readonly plain: Uint8Array;
  /** The number of that one. A batch that is not full lacks authenticity as well when it has no last chunk. */
  readonly brokenChunk: number | undefined;
}

/** Opens what `sealBatch` made. */
export function openBatch(keys: MessageKeys, firstChunk: number, sealed: Uint8Array): OpenedBatch {
  const fullChunks = Math.floor(sealed.length / CHUNK_BYTES);
  const chunks = sealed.length === BATCH_BYTES ? fullChunks : fullChunks + 1;
  const lastBytes = Math.max(0, (sealed.length % CHUNK_BYTES) - TAG_BYTES);
  const plain = new Uint8Array(fullChunks * CHUNK_PLAIN_BYTES + lastBytes);
  for (let index = 0, end = 0; index < chunks; index++) {
    const start = index * CHUNK_BYTES;
    const opened = openChunk(keys, firstChunk + index, sealed.subarray(start, start + CHUNK_BYTES));
    if (opened === undefined) return { plain: plain.subarray(0, end), brokenChunk: firstChunk + index };
    plain.set(opened, end);
    end += opened.length;
  }
  return { plain, brokenChunk: undefined };
}

function openChunk(keys: MessageKeys, number: number, chunk: Uint8Array): Uint8Array | undefined {
  const bodyBytes = chunk.length - TAG_BYTES;
  if (bodyBytes < 0) return undefined;
  const decryption = createDecryption(keys.key, nonceOf(keys.baseNonce, number));
  decryption.setAuthTag(chunk.subarray(bodyBytes));
  const plain = decryption.update(chunk.subarray(0, bodyBytes));
  return isAuthentic(decryption) ? plain : undefined;
}

/** The chunk's number, big-endian, is XORed into the end of the base nonce. */
function nonceOf(baseNonce: Uint8Array, number: number): Uint8Array {
  const nonce = baseNonce.slice();
  for (let at = nonce.length - 1, rest = number; rest > 0; at--, rest = Math.floor(rest / 256)) {
    nonce[at] = (nonce[at] ?? 0) ^ (rest % 256);
  }
  return nonce;
}
