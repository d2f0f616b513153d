/** A cryptographically secure source of bytes. */
export type RandomBytes = (length: number) => Uint8Array;

/** The number of bits of a non-negative integer. */
export function bitLength(value: bigint): number {
  if (value === 0n) return 0;
  const digits = value.toString(16);
  return 4 * digits.length - (Math.clz32(Number.parseInt(digits.slice(0, 1), 16)) - 28);
}

/** An exactly uniform integer in [0, bound). It discards draws that are too large and draws again. */
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
