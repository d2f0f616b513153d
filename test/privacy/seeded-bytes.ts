import { createCipheriv, createHash } from "node:crypto";
import type { RandomBytes } from "../../src/privacy/random-integers.ts";

const BLOCK_BYTES = 64 * 1024;

/** The same good random bytes in every run: AES-256 in counter mode under a hash of the seed. */
export function seededBytes(seed: string): RandomBytes {
  const stream = createCipheriv("aes-256-ctr", createHash("sha256").update(seed).digest(), new Uint8Array(16));
  const zeros = new Uint8Array(BLOCK_BYTES);
  let block: Uint8Array = new Uint8Array(0);
  return (length) => {
    if (block.length < length) block = stream.update(zeros);
    const bytes = block.subarray(0, length);
    block = block.subarray(length);
    return bytes;
  };
}
