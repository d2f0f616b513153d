import type { RetentionState } from "./retention-state.ts";
import { dayMs } from "./rules.ts";

/** What the state says of the moment it was read at. All times are on the clock that never jumps unless said otherwise. */
export interface Moment {
  readonly state: RetentionState;
  /** By the machine's clock. */
  readonly now: Date;
}

const previewMs = dayMs;
const sweepEveryMs = 3_600_000;
const listEveryMs = dayMs;
/** So that processes that start together do not all list. */
const restMs = 10 * 60_000;
/** Rules that nobody has followed for so long may have been off meanwhile. */
const forgottenMs = 7 * dayMs;

export function steadyTime({ state, now }: Moment): Date {
  return new Date(Math.max(now.getTime(), state.clockAt?.getTime() ?? 0) - state.aheadMs);
}

/** Until when a rule that was set or changed only shows what it would do. */
export function previewEnd({ rulesSince }: Pick<RetentionState, "rulesSince">): Date | undefined {
  return rulesSince && new Date(rulesSince.getTime() + previewMs);
}

/** What rules that are there since long ago look like: for an operator who need not see first. */
export function withoutPreview(steadyNow: Date): Date {
  return new Date(steadyNow.getTime() - previewMs);
}

export function isPreviewing(moment: Moment): boolean {
  const end = previewEnd(moment.state);
  return end === undefined || steadyTime(moment) < end;
}

export function areRulesNew(state: RetentionState, rules: string, unwatchedMs: number): boolean {
  return state.rules !== rules || state.rulesSince === undefined || unwatchedMs > forgottenMs;
}

export function isSweepDue(moment: Moment): boolean {
  return isDue(moment.state.sweptAt, sweepEveryMs, steadyTime(moment));
}

/** One that was begun is brought to its end first. A process that starts lists sooner: another one may have been killed. */
export function isListingDue(moment: Moment, isStart: boolean): boolean {
  const { listingCursor, listedAt } = moment.state;
  return listingCursor !== undefined || isDue(listedAt, isStart ? restMs : listEveryMs, steadyTime(moment));
}

function isDue(last: Date | undefined, everyMs: number, now: Date): boolean {
  return last === undefined || now.getTime() - last.getTime() >= everyMs;
}
