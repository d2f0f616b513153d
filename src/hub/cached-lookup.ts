import { LRUCache } from "lru-cache";
import { createSingleFlight } from "../time/single-flight.ts";

type Find<V> = (key: string) => Promise<V | undefined>;

export interface CachedLookup<V> extends Find<V> {
  /** Forgets every key that led to this value, also results of look-ups that are running now. */
  forget(value: V): void;
}

export interface CachedLookupOptions<V> {
  readonly find: Find<V>;
  /** 0 = nothing is cached. */
  readonly maxAgeMs: number;
  readonly now: () => number;
  /** Whether a found value may be cached; `undefined` and errors never are. */
  readonly keep?: (value: V) => boolean;
}

const MAX_ENTRIES = 10_000;

/** A look-up that caches what it found. Callers who ask for the same key at the same time share one request. */
export function createCachedLookup<V extends object | string>(options: CachedLookupOptions<V>): CachedLookup<V> {
  const { find, maxAgeMs, now, keep = () => true } = options;
  const kept = new LRUCache<string, V>({
    max: MAX_ENTRIES,
    ttl: Math.round(maxAgeMs),
    ttlResolution: 0,
    perf: { now },
  });
  let forgotten = 0;

  const flight = createSingleFlight(async (key) => {
    const forgottenBefore = forgotten;
    const found = await find(key);
    const isCurrent = forgotten === forgottenBefore;
    if (found !== undefined && isCurrent && maxAgeMs > 0 && keep(found)) kept.set(key, found);
    return found;
  });

  async function lookUp(key: string): Promise<V | undefined> {
    return kept.get(key) ?? flight.run(key);
  }

  function forget(value: V): void {
    forgotten += 1;
    flight.forget();
    for (const [key, known] of [...kept.entries()]) if (known === value) kept.delete(key);
  }

  return Object.assign(lookUp, { forget });
}
