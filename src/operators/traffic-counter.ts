import { reasonOf } from "../errors.ts";
import type { AuditEvent, Log, LogFields } from "../log.ts";
import type { Direction, Traffic, TrafficStore } from "./traffic-store.ts";

export interface Volume {
  readonly files: number;
  readonly bytes: number;
}

/** The traffic of the hour or day that begins at `start`. */
export interface Period extends Readonly<Record<Direction, Volume>> {
  readonly start: Date;
}

/** Counts files for the plots of the operators' page. A killed process loses the counts of its last seconds. */
export interface TrafficCounter {
  count(event: string, fields: LogFields): void;
  start(): void;
  read(): Promise<{ readonly byHour: Period[]; readonly byDay: Period[] }>;
  /** Stops the timer and writes the counts to the store. Never throws. */
  stop(): Promise<void>;
}

export interface TrafficCounterDeps {
  readonly store: TrafficStore;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  readonly log: Log;
  readonly flushMs?: number;
}

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
const [hours, days] = [24, 30];
const directionOf: Partial<Record<AuditEvent, Direction>> = {
  "intermediate.received": "in",
  "intermediate.sent": "out",
  "final.delivered": "out",
  "result.stored": "stored",
};

export function createTrafficCounter({ store, now, log, flushMs = 10_000 }: TrafficCounterDeps): TrafficCounter {
  const counted = new Map<string, { hour: Date; direction: Direction; files: number; bytes: number }>();
  let timer: ReturnType<typeof setInterval> | undefined;

  async function flush(): Promise<void> {
    const traffic = [...counted.values()];
    if (traffic.length === 0) return;
    counted.clear();
    try {
      await store.add(traffic, new Date(startOf(now(), dayMs) - (days + 1) * dayMs));
    } catch (error) {
      for (const entry of traffic) add(entry);
      throw error;
    }
  }

  function add({ hour, direction, files, bytes }: Traffic): void {
    const key = `${hour.getTime()} ${direction}`;
    const known = counted.get(key);
    counted.set(key, { hour, direction, files: files + (known?.files ?? 0), bytes: bytes + (known?.bytes ?? 0) });
  }

  const flushQuietly = () =>
    flush().catch((error: unknown) => log.debug("traffic.write.failed", { reason: reasonOf(error) }));

  return {
    count(event, { outcome, bytes }) {
      const direction = directionOf[event as AuditEvent];
      if (direction === undefined || outcome !== "ok") return;
      const hour = new Date(startOf(now(), hourMs));
      add({ hour, direction, files: 1, bytes: typeof bytes === "number" ? bytes : 0 });
    },
    start() {
      timer = setInterval(() => void flushQuietly(), flushMs);
    },
    async read() {
      await flush();
      const [thisHour, today] = [startOf(now(), hourMs), startOf(now(), dayMs)];
      const traffic = await store.readSince(new Date(today - (days - 1) * dayMs));
      return {
        byHour: periods(traffic, thisHour, hourMs, hours),
        byDay: periods(traffic, today, dayMs, days),
      };
    },
    async stop() {
      clearInterval(timer);
      await flushQuietly();
    },
  };
}

function startOf(ms: number, periodMs: number): number {
  return ms - (ms % periodMs);
}

/** All periods, oldest first, including those without traffic. */
function periods(traffic: readonly Traffic[], lastMs: number, periodMs: number, count: number): Period[] {
  return Array.from({ length: count }, (_, index) => {
    const startMs = lastMs - (count - 1 - index) * periodMs;
    const inside = traffic.filter(({ hour }) => startOf(hour.getTime(), periodMs) === startMs);
    const sum = (direction: Direction): Volume => {
      const chosen = inside.filter((entry) => entry.direction === direction);
      return {
        files: chosen.reduce((total, { files }) => total + files, 0),
        bytes: chosen.reduce((total, { bytes }) => total + bytes, 0),
      };
    };
    return { start: new Date(startMs), in: sum("in"), out: sum("out"), stored: sum("stored") };
  });
}
