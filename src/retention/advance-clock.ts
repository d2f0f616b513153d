import type { RetentionState } from "./retention-state.ts";
import { dayMs } from "./rules.ts";

/** What a process has seen of the clock. */
export interface ClockReading {
  /** Milliseconds since the epoch, by the clock that is set by people and protocols. */
  readonly nowMs: number;
  /** Milliseconds by a clock that nobody can set, since any moment of this run. */
  readonly steadyMs: number;
}

/** A reading of this very process, and how far the clock was ahead then. */
export interface Baseline extends ClockReading {
  readonly aheadMs: number;
}

export type ClockState = Pick<RetentionState, "clockAt" | "aheadMs" | "unprovenMs" | "provenForMs">;

export interface Advanced extends ClockState {
  /** How far the clock was set, or how long nobody has watched it; 0 where all is well. */
  readonly jumpMs: number;
}

/** Clocks are brought into line, and databases answer late. */
const toleranceMs = 60_000;
/** As long as nothing may have run without any doubt. */
const unwatchedMs = 3_600_000;

/**
 * Keeps a clock that goes on evenly, `now - aheadMs`, whatever the machine's clock is set to: what is deleted by age must not
 * go because somebody has set a clock. While a process watches it is plain which time has passed. Over a time in which
 * nothing ran a clock that was set looks like a node that was off: that time is believed once the clock has held for a day.
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
    // A node that is off every night comes to its day as well.
    provenForMs: isUnproven && unprovenMs > 0 ? provenForMs : 0,
    jumpMs,
  };
}

function unwatchedJump(passedMs: number): number {
  return passedMs < 0 || passedMs > unwatchedMs ? passedMs : 0;
}

/** What another process has accounted for already is none any more. */
function watchedJump(state: ClockState, reading: ClockReading, own: Baseline): number {
  const excessMs = reading.nowMs - own.nowMs - (reading.steadyMs - own.steadyMs);
  if (Math.abs(excessMs) <= toleranceMs) return 0;
  const accountedMs = state.aheadMs - own.aheadMs;
  return Math.abs(excessMs - accountedMs) <= toleranceMs ? 0 : excessMs;
}
