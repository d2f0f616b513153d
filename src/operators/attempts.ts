import { LRUCache } from "lru-cache";
import { AppError } from "../errors.ts";

/** Keeps a program from trying links and sign-ins without end. */
export interface Attempts {
  /** Throws `too_many_requests` once an address has had its number for this minute. */
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
