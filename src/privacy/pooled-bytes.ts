import type { RandomBytes } from "./random-integers.ts";

const poolBytes = 16_384;

/** Draws random bytes in larger pieces, because a list needs a million small ones. It never returns a byte twice. */
export function poolRandomBytes(randomBytes: RandomBytes): RandomBytes {
  let pool: Uint8Array = new Uint8Array(0);
  let used = 0;
  return (length) => {
    if (length > poolBytes) return randomBytes(length);
    if (used + length > pool.length) {
      pool = randomBytes(poolBytes);
      used = 0;
    }
    used += length;
    return pool.subarray(used - length, used);
  };
}
