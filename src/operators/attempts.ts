import { LRUCache } from "lru-cache";
import { AppError } from "../errors.ts";

/** Limits the rate of attempts to sign in, so that no program can guess links. */
export interface Attempts {
  /** Counts one attempt. Throws `too_many_requests` after 20 attempts of an address within a minute. */
  count(address: string): void;
}

const perMinute = 20;
const maxAddresses = 10_000;

export function createAttempts(now: () => number, minuteMs = 60_000): Attempts {
  const counted = new LRUCache<string, { readonly endsAt: number; attempts: number }>({ max: maxAddresses });
  return {
    count(address) {
      const known = counted.get(address);
      if (known === undefined || known.endsAt <= now()) {
        counted.set(address, { endsAt: now() + minuteMs, attempts: 1 });
        return;
      }
      known.attempts += 1;
      if (known.attempts <= perMinute) return;
      throw new AppError("too_many_requests", "Too many attempts to sign in; try again in a minute.");
    },
  };
}
