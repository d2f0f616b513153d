import { createCipheriv } from "node:crypto";

const iv = new Uint8Array(16);

/** The same bytes for the same seed, as random as they come, at the speed of memory. */
export function contentOf(seed: number, bytes: number): Uint8Array<ArrayBuffer> {
  const key = new Bun.CryptoHasher("md5").update(String(seed)).digest();
  return new Uint8Array(createCipheriv("aes-128-ctr", key, iv).update(new Uint8Array(bytes)));
}

/** SHA-256 in lower-case hex. */
export const sha256Of = (bytes: Uint8Array): string => new Bun.CryptoHasher("sha256").update(bytes).digest("hex");

type Size = readonly [weight: number, limit: number];
const kibibyte = 1024;
const mebibyte = 1024 * kibibyte;
/** How often, of a hundred, and up to which size. */
const sizes: [Size, ...Size[]] = [
  [5, 0],
  [20, 100],
  [45, 64 * kibibyte],
  [24, mebibyte],
  [5, 5 * mebibyte],
  [1, 20 * mebibyte],
];

/** One of them, each as often as its weight says. */
export function drawWeighted<T extends readonly [weight: number, ...unknown[]]>(
  random: () => number,
  choices: readonly [T, ...T[]],
): T {
  let lot = random() * choices.reduce((sum, [weight]) => sum + weight, 0);
  for (const choice of choices) {
    lot -= choice[0];
    if (lot < 0) return choice;
  }
  return choices[0];
}

/** The size of a file as clients send them: mostly small, some empty, a few large. */
export function drawSize(random: () => number, maxBytes: number): number {
  const [, limit] = drawWeighted(random, sizes);
  return Math.min(Math.floor(random() * (limit + 1)), maxBytes);
}
