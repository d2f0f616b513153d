import { describe, expect, test } from "bun:test";
import { advanceClock, type Baseline, type ClockState } from "../../src/retention/advance-clock.ts";

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;
const yearMs = 365 * dayMs;
const start = Date.UTC(2026, 0, 1);

/** A machine whose clock can be set, and a process on it that looks every minute. */
function createMachine() {
  let [realMs, setMs] = [0, 0];
  let state: ClockState = { clockAt: undefined, aheadMs: 0, unprovenMs: 0, provenForMs: 0 };
  let own: Baseline | undefined;
  const machine = {
    look() {
      const reading = { nowMs: start + realMs + setMs, steadyMs: realMs };
      const { jumpMs: _, ...advanced } = advanceClock(state, reading, own);
      state = advanced;
      own = { ...reading, aheadMs: state.aheadMs };
    },
    run(ms: number) {
      for (let passedMs = 0; passedMs < ms; passedMs += minuteMs) {
        realMs += minuteMs;
        machine.look();
      }
    },
    /** The process is not there meanwhile. */
    rest(ms: number) {
      realMs += ms;
      own = undefined;
      machine.look();
    },
    set(ms: number) {
      setMs += ms;
    },
    /** How much time has passed by the clock that never jumps. */
    steady: () => start + realMs + setMs - state.aheadMs - start,
    real: () => realMs,
  };
  machine.look();
  return machine;
}

describe("the clock that never jumps", () => {
  test("goes with a clock that nobody sets", () => {
    const machine = createMachine();
    machine.run(3 * dayMs);
    expect(machine.steady()).toBe(machine.real());
  });

  test.each([yearMs, -yearMs, 10 * minuteMs])(
    "passes over a clock that is set by %p ms, for as long as it stays so",
    (ms) => {
      const machine = createMachine();
      machine.run(hourMs);
      machine.set(ms);
      machine.run(3 * dayMs);
      expect(machine.steady()).toBe(machine.real());
      machine.set(-ms);
      machine.run(hourMs);
      expect(machine.steady()).toBe(machine.real());
    },
  );

  test("follows a clock that is brought into line by seconds", () => {
    const machine = createMachine();
    machine.set(5_000);
    machine.run(hourMs);
    expect(machine.steady()).toBe(machine.real() + 5_000);
  });

  test("believes a short rest at once, and a long one after a day", () => {
    const machine = createMachine();
    machine.run(hourMs);
    machine.rest(hourMs / 2);
    expect(machine.steady()).toBe(machine.real());
    machine.rest(10 * dayMs);
    expect(machine.steady()).toBe(machine.real() - 10 * dayMs);
    machine.run(dayMs - hourMs);
    expect(machine.steady()).toBe(machine.real() - 10 * dayMs);
    machine.run(2 * hourMs);
    expect(machine.steady()).toBe(machine.real());
  });

  test("does not believe a clock that was set during a rest and is set back", () => {
    const machine = createMachine();
    machine.run(hourMs);
    machine.set(yearMs);
    machine.rest(minuteMs);
    machine.run(hourMs);
    machine.set(-yearMs);
    machine.run(3 * dayMs);
    expect(Math.abs(machine.steady() - machine.real())).toBeLessThanOrEqual(minuteMs);
  });

  test("does not go back with a clock that was set back during a rest", () => {
    const machine = createMachine();
    machine.run(2 * dayMs);
    const before = machine.steady();
    machine.set(-yearMs);
    machine.rest(minuteMs);
    machine.run(minuteMs);
    expect(machine.steady()).toBeGreaterThanOrEqual(before);
  });

  test("gets on for a node that is off every night", () => {
    const machine = createMachine();
    for (let day = 0; day < 30; day += 1) {
      machine.run(8 * hourMs);
      machine.rest(16 * hourMs);
    }
    expect(machine.steady()).toBeGreaterThan(machine.real() - 4 * dayMs);
  });

  test("passes over a jump once, however many processes see it", () => {
    const begin: ClockState = { clockAt: new Date(start), aheadMs: 0, unprovenMs: 0, provenForMs: 0 };
    const own: Baseline = { nowMs: start, steadyMs: 0, aheadMs: 0 };
    const first = advanceClock(begin, { nowMs: start + yearMs + minuteMs, steadyMs: minuteMs }, own);
    const second = advanceClock(first, { nowMs: start + yearMs + 2 * minuteMs, steadyMs: 2 * minuteMs }, own);
    expect([first.aheadMs, second.aheadMs]).toEqual([yearMs, yearMs]);
  });
});
