import { reasonOf } from "../errors.ts";
import type { Log } from "../log.ts";
import { within } from "../time/deadline.ts";
import { createSingleFlight } from "../time/single-flight.ts";
import type { PartState, Readiness, ReadinessReport } from "./readiness.ts";

export interface PartCheck {
  readonly name: string;
  /** Throws when the part does not work. */
  readonly check: (signal: AbortSignal) => Promise<unknown>;
  /** The part's state after a failure. */
  readonly otherwise: "failed" | "degraded";
}

export interface ReadinessOptions {
  readonly parts: readonly PartCheck[];
  readonly warnings: readonly string[];
  /** Finds warnings that may come and go. If this fails or takes too long, there are none. */
  readonly listConcerns?: () => Promise<readonly string[]>;
  readonly log: Log;
  readonly now: () => number;
  /** The time limit of each part's check. */
  readonly limitMs?: number;
  readonly cacheMs?: number;
}

/**
 * Checks all parts at the same time. A change of a part's state is logged with its reason. The report has no reasons,
 * because they may contain host names.
 */
export function createReadiness(options: ReadinessOptions): Readiness {
  const { warnings, log, now, limitMs = 2_000, cacheMs = 3_000 } = options;
  const { listConcerns = async () => [] } = options;
  const looks = options.parts.map((part) => createLook(part, limitMs, log));
  let cached: { readonly report: ReadinessReport; readonly untilMs: number } | undefined;
  let stopping = false;
  let hadConcerns = false;

  async function findConcerns(): Promise<readonly string[]> {
    let concerns: readonly string[] = [];
    const asked = listConcerns().then((found) => {
      concerns = found;
    });
    await within(asked, limitMs).catch(() => {});
    if (concerns.length > 0 && !hadConcerns) log.warn("readiness.concern", { concern: concerns.join(" ") });
    hadConcerns = concerns.length > 0;
    return concerns;
  }

  async function look(): Promise<ReadinessReport> {
    const [concerns, ...states] = await Promise.all([findConcerns(), ...looks.map((lookAt) => lookAt())]);
    const parts = Object.fromEntries(states);
    const status = Object.values(parts).includes("failed") ? "not_ready" : "ready";
    const report = { status, parts, warnings: [...warnings, ...concerns] } as const;
    cached = { report, untilMs: now() + cacheMs };
    return report;
  }

  const flight = createSingleFlight(look);

  return {
    async check() {
      if (stopping) return { status: "stopping", parts: {}, warnings };
      if (cached !== undefined && now() < cached.untilMs) return cached.report;
      return flight.run();
    },
    stop() {
      stopping = true;
    },
  };
}

/**
 * Creates the check of one part. If the previous check still hangs, the part gets the state `otherwise` and is not
 * checked again.
 */
function createLook({ name, check, otherwise }: PartCheck, limitMs: number, log: Log) {
  let hanging: Promise<unknown> | undefined;
  let last: PartState = "ok";

  async function stateOf(): Promise<readonly [PartState, string | undefined]> {
    if (hanging !== undefined) return [otherwise, "still no answer"];
    const abort = new AbortController();
    const overdue = Promise.withResolvers<never>();
    const timer = setTimeout(() => {
      const late = new Error(`no answer within ${limitMs} ms`);
      overdue.reject(late);
      abort.abort(late);
    }, limitMs);
    hanging = check(abort.signal).finally(() => {
      hanging = undefined;
    });
    try {
      await Promise.race([hanging, overdue.promise]);
      return ["ok", undefined];
    } catch (error) {
      return [otherwise, reasonOf(error)];
    } finally {
      clearTimeout(timer);
    }
  }

  return async () => {
    const [state, reason] = await stateOf();
    if (state !== last) {
      if (state === "ok") log.info("readiness.recovered", { part: name });
      else log.warn("readiness.lost", { part: name, state, reason });
    }
    last = state;
    return [name, state] as const;
  };
}
