import { LRUCache } from "lru-cache";

type Find<V> = (key: string) => Promise<V | undefined>;

export interface CachedLookupOptions<V> {
  readonly find: Find<V>;
  /** 0 = nothing is kept. */
  readonly maxAgeMs: number;
  readonly now: () => number;
  /** Whether a found value may be kept; `undefined` and errors never are. */
  readonly keep?: (value: V) => boolean;
}

const MAX_ENTRIES = 10_000;

/** A look-up that remembers what it found, and makes callers who ask for the same thing at the same time share one flight. */
export function createCachedLookup<V extends object | string>(options: CachedLookupOptions<V>): Find<V> {
  const { find, maxAgeMs, now, keep = () => true } = options;
  const kept = new LRUCache<string, V>({
    max: MAX_ENTRIES,
    ttl: Math.round(maxAgeMs),
    ttlResolution: 0,
    perf: { now },
  });
  const flights = new Map<string, Promise<V | undefined>>();

  async function fly(key: string) {
    try {
      const found = await find(key);
      if (found !== undefined && maxAgeMs > 0 && keep(found)) kept.set(key, found);
      return found;
    } finally {
      flights.delete(key);
    }
  }

  return async (key) => {
    const known = kept.get(key);
    if (known !== undefined) return known;
    const flight = flights.get(key) ?? fly(key);
    flights.set(key, flight);
    return flight;
  };
}
