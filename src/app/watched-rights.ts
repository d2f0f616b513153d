import { reasonOf } from "../errors.ts";
import type { Log } from "../log.ts";
import type { ObjectStore } from "../objects/object-store.ts";
import { MissingRight, proveRights } from "../objects/store-rights.ts";
import { within } from "../time/deadline.ts";
import { createSingleFlight } from "../time/single-flight.ts";

export interface WatchedRights {
  /** Looks whether the access key may do all that is needed. Resolves when that is known, or cannot be known now. */
  prove(): Promise<void>;
  /** Throws what is missing since the last look, and has it looked at again in the background. */
  check(): void;
}

export interface WatchedRightsOptions {
  readonly objects: ObjectStore;
  readonly log: Log;
  /** Milliseconds that go on evenly. */
  readonly now: () => number;
}

/** The same for every process, so that a probe that one left behind goes with the next. */
const probeName = "start-probe";
const limitMs = 10_000;
const pauseMs = 30_000;

/**
 * The rights at the object store. Each look stores and removes a probe, so it is not part of every look at readiness: there is
 * one at start, and more while a right is missing. A store that is away says nothing of rights.
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
