import { AppError, reasonOf } from "../errors.ts";
import type { Log } from "../log.ts";
import { within } from "../time/deadline.ts";
import { createDenials } from "./denials.ts";
import type { NewEntry, RecordStore } from "./record-store.ts";
import type { Recorder } from "./recorder.ts";

export interface RecorderDeps {
  readonly store: Pick<RecordStore, "append" | "prove">;
  readonly newId: () => string;
  /** The id of the request being served, if any. */
  readonly requestId: () => string | undefined;
  readonly log: Log;
  readonly retryMs?: number;
  /** How long a request waits at most until its note is on record. */
  readonly patienceMs?: number;
  readonly minuteMs?: number;
}

export interface RunningRecorder extends Recorder {
  /** Tries once more to write what is not on record yet. Logs the entries that still fail as `record.lost`. */
  close(): Promise<void>;
}

const longestRetryMs = 30_000;

export function createRecorder(deps: RecorderDeps): RunningRecorder {
  const { store, newId, requestId, log, retryMs = 250, patienceMs = 30_000, minuteMs = 60_000 } = deps;
  /** The writes that are running or waiting for another attempt. */
  const underWay = new Set<Promise<void>>();
  /** Events that have happened and whose entry could not be written yet. */
  const owed = new Set<NewEntry>();
  const closing = Promise.withResolvers<void>();
  let isClosing = false;
  const complete = (entry: NewEntry): NewEntry => ({ id: newId(), requestId: requestId(), ...entry });

  async function persist(entry: NewEntry): Promise<void> {
    for (let pauseMs = retryMs; ; pauseMs = Math.min(2 * pauseMs, longestRetryMs)) {
      const isLastChance = isClosing;
      try {
        return await store.append(entry);
      } catch (error) {
        owed.add(entry);
        const reason = reasonOf(error);
        if (isLastChance) return log.error("record.lost", { ...entry, reason });
        log.warn("record.delayed", { recorded: entry.event, owed: owed.size, reason });
      }
      await within(closing.promise, pauseMs);
    }
  }

  async function note(entry: NewEntry): Promise<void> {
    const completed = complete(entry);
    const persisted = persist(completed).finally(() => {
      owed.delete(completed);
      underWay.delete(persisted);
    });
    underWay.add(persisted);
    await within(persisted, patienceMs);
  }

  const denials = createDenials({ note, log, minuteMs });

  return {
    async prove() {
      if (owed.size > 0) {
        const operatorDetail = `${owed.size} events have happened that are not on record yet`;
        throw new AppError("database", "The database is not available", { operatorDetail });
      }
      await store.prove();
    },
    write: (entry) => store.append(complete(entry)),
    note,
    countDenial: denials.count,
    async close() {
      isClosing = true;
      closing.resolve();
      await denials.close();
      await Promise.all(underWay);
    },
  };
}
