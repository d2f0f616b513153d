import { createHmac, hkdfSync, timingSafeEqual } from "node:crypto";
import { COMMITMENT_BYTES } from "./size.ts";

const KEY_BYTES = 32;
const NONCE_BYTES = 12;
const DERIVED_BYTES = KEY_BYTES + NONCE_BYTES + COMMITMENT_BYTES;
/** Name and version of the construction, and its AEAD. */
const LABEL = Buffer.from("c2sp.org/chunked-encryption@v1+AEAD_AES_256_GCM\0");

/**
 * The keys of one file. By the commitment a reader knows, before it reads a chunk, that it has the right key and
 * context.
 */
export interface FileKeys {
  readonly key: Uint8Array;
  readonly baseNonce: Uint8Array;
  readonly commitment: Uint8Array;
}

/** Derives the key that two nodes share for all their bound files. The secret is the whole x-coordinate from ECDH. */
export function deriveInputKey(secret: Uint8Array): Uint8Array {
  return new Uint8Array(hkdfSync("sha512", secret, new Uint8Array(0), "flame-result/bound/v2", KEY_BYTES));
}

/** Throws `RangeError` unless the input key has 32 bytes. */
export function deriveFileKeys(inputKey: Uint8Array, salt: Uint8Array, context: Uint8Array): FileKeys {
  if (inputKey.length !== KEY_BYTES) throw new RangeError(`A key has ${KEY_BYTES} bytes, got ${inputKey.length}`);
  const derived = expand(inputKey, Buffer.concat([LABEL, salt, context]));
  const nonceEnd = KEY_BYTES + NONCE_BYTES;
  return {
    key: derived.subarray(0, KEY_BYTES),
    baseNonce: derived.subarray(KEY_BYTES, nonceEnd),
    commitment: derived.subarray(nonceEnd, DERIVED_BYTES),
  };
}

export function isSameCommitment(one: Uint8Array, other: Uint8Array): boolean {
  return one.length === other.length && timingSafeEqual(one, other);
}

/** HKDF-Expand (RFC 5869 §2.3), which node:crypto does not offer on its own. Two blocks of SHA-512 are enough. */
function expand(key: Uint8Array, info: Uint8Array): Uint8Array {
  const first = createHmac("sha512", key)
    .update(info)
    .update(new Uint8Array([1]))
    .digest();
  const second = createHmac("sha512", key)
    .update(first)
    .update(info)
    .update(new Uint8Array([2]))
    .digest();
  return new Uint8Array(Buffer.concat([first, second]));
}
