import { reasonOf } from "../errors.ts";
import type { Log } from "../log.ts";
import type { ObjectStore } from "../objects/object-store.ts";
import { advanceClock, type Baseline } from "./advance-clock.ts";
import { bringInLine } from "./listing.ts";
import type { Volume } from "./object-table.ts";
import type { RetentionState } from "./retention-state.ts";
import type { RetentionStore } from "./retention-store.ts";
import { type RetentionRules, removesAnything, textOf } from "./rules.ts";
import {
  areRulesNew,
  isListingDue,
  isPreviewing,
  isSweepDue,
  type Moment,
  previewEnd,
  steadyTime,
  withoutPreview,
} from "./schedule.ts";
import { summarize } from "./summary.ts";
import { sweep } from "./sweep.ts";

export interface RetentionKeeperDeps {
  readonly store: RetentionStore;
  /** The plain object store, without counting: the sweep itself updates the table. */
  readonly objects: Pick<ObjectStore, "scan" | "stat" | "remove">;
  readonly rules: RetentionRules;
  /** The unique name of this process among all that share the database, for the lease. */
  readonly holder: string;
  readonly perSecond: number;
  readonly steadyNow: () => number;
  readonly log: Log;
  /** Whether the service keeps the table of stored objects. */
  readonly isCounting: boolean;
  /** More work by the rules, once an hour, but not during their preview. Gets the time on the clock that never jumps. */
  readonly besides?: ((steadyNow: Date, goesOn: () => Promise<boolean>) => Promise<void>) | undefined;
  readonly everyMs?: number;
}

export interface Progress {
  readonly listed?: number;
  readonly swept?: Volume;
}

/** Keeps the table in line with the store, and removes what the rules say. Only one process does this at a time. */
export interface RetentionKeeper {
  /** Starts a round now, and then one a minute after each round (`everyMs`). */
  start(): void;
  /** Does whatever is due, once. `false` if another process holds the lease. Throws the error of a failed step. */
  round(): Promise<boolean>;
  /** Sweeps now, without the day of preview. `undefined` if another process holds the lease. */
  sweepNow(actor: string, progress?: (done: Progress) => void): Promise<(Volume & { isComplete: boolean }) | undefined>;
  stop(): Promise<void>;
}

const leaseMs = 120_000;
const staleReservationMs = 10 * 60_000;
const besidesEveryMs = 3_600_000;
const keepDaysMs = 400 * 24 * 3_600_000;

export function createRetentionKeeper(deps: RetentionKeeperDeps): RetentionKeeper {
  const { store, objects, rules, holder, perSecond, steadyNow, log, besides, isCounting, everyMs = 60_000 } = deps;
  const { state: states, objects: table } = store;
  const lease = { holder, leaseMs };
  const ending = new AbortController();
  let own: Baseline | undefined;
  let besidesAt = Number.NEGATIVE_INFINITY;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let running: Promise<unknown> = Promise.resolve();

  const renew = async () => !ending.signal.aborted && (await states.acquire(lease));
  const save = (changes: Partial<RetentionState>) => states.write(holder, changes);

  /** Reads the clock, and puts the current rules in force. */
  async function look(): Promise<Moment & { readonly isStart: boolean }> {
    const isStart = own === undefined;
    const steadyMs = steadyNow();
    const { state, now } = await states.read();
    const { jumpMs, ...clock } = advanceClock(state, { nowMs: now.getTime(), steadyMs }, own);
    own = { nowMs: now.getTime(), steadyMs, aheadMs: clock.aheadMs };
    const unwatchedMs = state.clockAt === undefined ? 0 : now.getTime() - state.clockAt.getTime();
    const moment = { state: { ...state, ...clock }, now };
    const text = textOf(rules);
    const rulesSince = steadyTime(moment);
    const changed = {
      ...(areRulesNew(state, text, unwatchedMs) ? { rules: text, rulesSince } : {}),
      // No process may have kept the table up to date during the gap, so the store must be listed again.
      ...(isStart && jumpMs > 0 ? { listedAt: undefined } : {}),
    };
    await save({ ...clock, ...changed });
    if (jumpMs !== 0) {
      log.warn("retention.clock.jumped", { jumpMs });
      await table.capStoredAt(steadyTime(moment));
    }
    return { state: { ...moment.state, ...changed }, now, isStart };
  }

  async function list(moment: Moment, progress?: (done: Progress) => void): Promise<boolean> {
    let toldAt = steadyNow();
    const { isComplete, count } = await bringInLine(
      {
        objects,
        table,
        now: () => moment.now.getTime(),
        async save(changes) {
          progress?.({ listed: changes.listedObjects });
          if (steadyNow() - toldAt > 10_000) {
            toldAt = steadyNow();
            log.info("retention.listing", { objects: changes.listedObjects });
          }
          return (await renew()) && (await save(changes));
        },
      },
      moment.state,
    );
    if (!isComplete) return false;
    await save({ listedAt: steadyTime(moment) });
    log.info("retention.listed", { objects: count });
    return true;
  }

  async function runSweep(moment: Moment, actor: string, progress?: (done: Progress) => void) {
    const expired = await sweep({
      table,
      expiry: store.expiry,
      objects,
      rules,
      dueBy: steadyTime(moment),
      holder,
      actor,
      perSecond,
      steadyNow,
      renew,
      signal: ending.signal,
      log,
      progress: (swept) => progress?.({ swept }),
    });
    if (expired.isComplete) await save({ sweptAt: steadyTime(moment) });
    if (expired.objects > 0) log.info("retention.swept", { objects: expired.objects, bytes: expired.bytes });
    return expired;
  }

  async function preview(moment: Moment): Promise<void> {
    const { due } = await summarize(table, rules, steadyTime(moment));
    await save({ sweptAt: steadyTime(moment) });
    const until = new Date((previewEnd(moment.state)?.getTime() ?? 0) + moment.state.aheadMs);
    log.info("retention.preview", { objects: due.objects, bytes: due.bytes, until: until.toISOString() });
  }

  async function work(): Promise<void> {
    const moment = await look();
    if (isCounting) await keepCount(moment);
    if (besides === undefined || isPreviewing(moment) || steadyNow() < besidesAt) return;
    besidesAt = steadyNow() + besidesEveryMs;
    await besides(steadyTime(moment), renew);
  }

  async function keepCount(moment: Moment & { readonly isStart: boolean }): Promise<void> {
    const dropped = await store.reservations.dropStale(staleReservationMs);
    if (dropped > 0) log.info("quota.reservations.dropped", { uploads: dropped });
    const isInLine = isListingDue(moment, moment.isStart) ? await list(moment) : true;
    await table.noteDay(dayOf(moment.now), dayOf(new Date(moment.now.getTime() - keepDaysMs)));
    if (!isInLine || !removesAnything(rules) || !isSweepDue(moment)) return;
    await (isPreviewing(moment) ? preview(moment) : runSweep(moment, "retention"));
  }

  async function whileHolding<T>(work: () => Promise<T>): Promise<T | undefined> {
    if (!(await states.acquire(lease))) return undefined;
    try {
      return await work();
    } finally {
      await states.release(holder).catch(() => {});
    }
  }

  const round = async () => (await whileHolding(async () => work().then(() => true))) ?? false;

  function plan(delayMs: number): void {
    timer = setTimeout(() => {
      running = round()
        .catch((error: unknown) => log.warn("retention.failed", { reason: reasonOf(error) }))
        .then(() => {
          if (!ending.signal.aborted) plan(everyMs);
        });
    }, delayMs);
  }

  return {
    start: () => plan(0),
    round,
    sweepNow: (actor, progress) =>
      whileHolding(async () => {
        const moment = await look();
        if (!removesAnything(rules)) {
          // Rules of the Hub's files alone: the service carries them out, now that no preview keeps it.
          await save({ rulesSince: withoutPreview(steadyTime(moment)) });
          return { objects: 0, bytes: 0, isComplete: true };
        }
        if (isListingDue(moment, false) && !(await list(moment, progress))) return undefined;
        await save({ rulesSince: withoutPreview(steadyTime(moment)) });
        return runSweep(moment, actor, progress);
      }),
    async stop() {
      ending.abort();
      clearTimeout(timer);
      await running;
    },
  };
}

function dayOf(time: Date): string {
  return time.toISOString().slice(0, 10);
}
