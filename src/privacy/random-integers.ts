/** A cryptographically secure source of bytes. */
export type RandomBytes = (length: number) => Uint8Array;

export const bitLength = (value: bigint) => (value === 0n ? 0 : value.toString(2).length);

/** A uniform integer in [0, bound), exactly: bits that are too large are thrown away and drawn anew. */
export function uniformBelow(bound: bigint, randomBytes: RandomBytes): bigint {
  const bits = bitLength(bound - 1n);
  if (bits === 0) return 0n;
  const byteCount = Math.ceil(bits / 8);
  const excess = BigInt(byteCount * 8 - bits);
  for (;;) {
    const candidate = BigInt(`0x${randomBytes(byteCount).toHex()}`) >> excess;
    if (candidate < bound) return candidate;
  }
}
