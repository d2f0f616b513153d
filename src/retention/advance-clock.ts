import type { RetentionState } from "./retention-state.ts";
import { dayMs } from "./rules.ts";

/** A reading of the machine's clock. */
export interface ClockReading {
  /** Milliseconds since the epoch on the wall clock, which people and NTP can set. */
  readonly nowMs: number;
  /** Milliseconds on the process's monotonic clock. */
  readonly steadyMs: number;
}

/** An earlier reading of the same process, and `aheadMs` at that time. */
export interface Baseline extends ClockReading {
  readonly aheadMs: number;
}

export type ClockState = Pick<RetentionState, "clockAt" | "aheadMs" | "unprovenMs" | "provenForMs">;

export interface Advanced extends ClockState {
  /** How far the clock was set, or how long no process watched it; 0 if neither happened. */
  readonly jumpMs: number;
}

/** Allows for clock synchronisation and for slow database responses. */
const toleranceMs = 60_000;
/** A gap without a running process is believed at once if it is no longer than this. */
const unwatchedMs = 3_600_000;

/**
 * Keeps a clock that never jumps, `now - aheadMs`, whatever the machine's clock is set to: setting a clock must not
 * delete results by their age. While a process runs, its monotonic clock tells how much time has passed. After a gap without a
 * running process, a clock that was set looks like a node that was off. The gap counts as real time after a day without
 * another doubt.
 */
export function advanceClock(state: ClockState, { nowMs, steadyMs }: ClockReading, own?: Baseline): Advanced {
  const { clockAt, aheadMs, unprovenMs, provenForMs } = state;
  const clockNow = new Date(nowMs);
  if (clockAt === undefined) return { ...state, clockAt: clockNow, jumpMs: 0 };
  const passedMs = nowMs - clockAt.getTime();
  const jumpMs = own === undefined ? unwatchedJump(passedMs) : watchedJump(state, { nowMs, steadyMs }, own);
  if (jumpMs === 0) {
    const provenMs = unprovenMs === 0 ? 0 : provenForMs + Math.max(0, passedMs);
    if (unprovenMs === 0 || provenMs < dayMs) {
      return { clockAt: clockNow, aheadMs, unprovenMs, provenForMs: provenMs, jumpMs };
    }
    return { clockAt: clockNow, aheadMs: aheadMs - unprovenMs, unprovenMs: 0, provenForMs: 0, jumpMs };
  }
  const isUnproven = own === undefined && jumpMs > 0;
  return {
    clockAt: clockNow,
    aheadMs: aheadMs + jumpMs,
    unprovenMs: isUnproven ? unprovenMs + jumpMs : Math.max(0, unprovenMs + Math.min(0, jumpMs)),
    // Keeps the time collected so far, so that a node that is off every night also gets to a full day.
    provenForMs: isUnproven && unprovenMs > 0 ? provenForMs : 0,
    jumpMs,
  };
}

function unwatchedJump(passedMs: number): number {
  return passedMs < 0 || passedMs > unwatchedMs ? passedMs : 0;
}

/** The jump since this process's last reading; 0 if another process has already added it to `aheadMs`. */
function watchedJump(state: ClockState, reading: ClockReading, own: Baseline): number {
  const excessMs = reading.nowMs - own.nowMs - (reading.steadyMs - own.steadyMs);
  if (Math.abs(excessMs) <= toleranceMs) return 0;
  const accountedMs = state.aheadMs - own.aheadMs;
  return Math.abs(excessMs - accountedMs) <= toleranceMs ? 0 : excessMs;
}
