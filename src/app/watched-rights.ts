import { reasonOf } from "../errors.ts";
import type { Log } from "../log.ts";
import type { ObjectStore } from "../objects/object-store.ts";
import { MissingRight, proveRights } from "../objects/store-rights.ts";
import { within } from "../time/deadline.ts";
import { createSingleFlight } from "../time/single-flight.ts";

export interface WatchedRights {
  /**
   * Checks whether the access key has all rights that the service needs. Resolves even if that cannot be found out now.
   */
  prove(): Promise<void>;
  /** Throws the missing right that the last check found, and starts another check in the background. */
  check(): void;
}

export interface WatchedRightsOptions {
  readonly objects: ObjectStore;
  readonly log: Log;
  /** Milliseconds of a monotonic clock. */
  readonly now: () => number;
}

/** All processes use the same name, so that the next check removes a probe that a killed process left behind. */
const probeName = "start-probe";
const limitMs = 10_000;
const pauseMs = 30_000;

/**
 * Watches the access key's rights at the object store. Each check stores and removes a probe, so it does not run with
 * every readiness check: it runs once at start, and again while a right is missing. An unreachable store proves nothing
 * about rights.
 */
export function createWatchedRights({ objects, log, now }: WatchedRightsOptions): WatchedRights {
  let missing: MissingRight | undefined;
  let lookedAtMs = Number.NEGATIVE_INFINITY;

  const look = createSingleFlight(async () => {
    lookedAtMs = now();
    try {
      await proveRights(objects, probeName, AbortSignal.timeout(limitMs));
      missing = undefined;
    } catch (error) {
      if (error instanceof MissingRight) missing = error;
      else log.debug("object_store.rights_unknown", { reason: reasonOf(error) });
    }
  });

  return {
    async prove() {
      await within(look.run(), limitMs);
    },
    check() {
      if (missing === undefined) return;
      if (now() - lookedAtMs >= pauseMs) look.run();
      throw missing;
    },
  };
}
