import type { RetentionState } from "./retention-state.ts";
import { dayMs } from "./rules.ts";

/** The state and the time at which it was read. Unless noted, all times here are on the clock that never jumps. */
export interface Moment {
  readonly state: RetentionState;
  /** On the machine's clock. */
  readonly now: Date;
}

const previewMs = dayMs;
const sweepEveryMs = 3_600_000;
const listEveryMs = dayMs;
/** A starting process lists only if the last listing is this old, so that processes started together do not all list. */
const restMs = 10 * 60_000;
/** After a gap this long the rules may have been off meanwhile, so they count as new and get a preview. */
const forgottenMs = 7 * dayMs;

export function steadyTime({ state, now }: Moment): Date {
  return new Date(Math.max(now.getTime(), state.clockAt?.getTime() ?? 0) - state.aheadMs);
}

/** The end of the preview, in which new or changed rules remove nothing. */
export function previewEnd({ rulesSince }: Pick<RetentionState, "rulesSince">): Date | undefined {
  return rulesSince && new Date(rulesSince.getTime() + previewMs);
}

/** A `rulesSince` whose preview is over, for an operator who sweeps at once. */
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

/** An unfinished listing is always due. A starting process lists sooner, since an earlier one may have been killed. */
export function isListingDue(moment: Moment, isStart: boolean): boolean {
  const { listingCursor, listedAt } = moment.state;
  return listingCursor !== undefined || isDue(listedAt, isStart ? restMs : listEveryMs, steadyTime(moment));
}

function isDue(last: Date | undefined, everyMs: number, now: Date): boolean {
  return last === undefined || now.getTime() - last.getTime() >= everyMs;
}
