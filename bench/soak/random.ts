/** Numbers in [0, 1) that are the same ones for the same seed. */
export type Random = () => number;

/** Mulberry32: small, and even enough for choosing requests. */
export function createRandom(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

export function pick<T>(random: Random, items: readonly T[]): T | undefined {
  return items[Math.floor(random() * items.length)];
}

/** Mostly a few KiB, now and then some MiB, sometimes nothing. */
export function pickSize(random: Random): number {
  const kind = random();
  if (kind < 0.05) return 0;
  if (kind < 0.9) return Math.floor(random() * 32 * 1024);
  if (kind < 0.99) return Math.floor(random() * 512 * 1024);
  return Math.floor(random() * 16 * 1024 * 1024);
}
