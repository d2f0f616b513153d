import { existsSync, mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** The clock as one process sees it. */
export interface FakeClock {
  /** For the environment of the process. */
  readonly env: Record<string, string>;
  /** Sets the clock that far from the true time, at once. */
  set(offsetMs: number): void;
  /** What the process takes for the time, in milliseconds since the epoch. */
  now(): number;
  remove(): void;
}

const LIBRARIES = "/usr/lib";

/** Debian keeps it under the name of the architecture. */
function findLibrary(): string | undefined {
  return readdirSync(LIBRARIES)
    .map((name) => join(LIBRARIES, name, "faketime", "libfaketimeMT.so.1"))
    .find((path) => existsSync(path));
}

/** Debian: faketime. */
export const fakeClockInstalled = (): boolean => findLibrary() !== undefined;

/**
 * `set`: as when somebody sets the machine's clock, while the time that the process measures goes on evenly. `passing`: as if
 * the time had really gone by, so that all waits and limits within it are over; may only go forward.
 */
export function createFakeClock(kind: "set" | "passing" = "set"): FakeClock {
  const library = findLibrary();
  if (library === undefined) throw new Error("libfaketime is not installed (Debian: faketime)");
  const folder = mkdtempSync(join(tmpdir(), "flame-result-clock-"));
  const file = join(folder, "offset");
  let current = 0;
  const set = (offsetMs: number) => {
    current = offsetMs;
    // Moved into place, so that it is never read half written.
    writeFileSync(`${file}.new`, `${offsetMs < 0 ? "-" : "+"}${Math.abs(offsetMs / 1000)}\n`);
    renameSync(`${file}.new`, file);
  };
  set(0);
  return {
    env: {
      LD_PRELOAD: library,
      FAKETIME_TIMESTAMP_FILE: file,
      FAKETIME_NO_CACHE: "1",
      FAKETIME_DONT_FAKE_MONOTONIC: kind === "set" ? "1" : "0",
      NO_FAKE_STAT: "1",
    },
    set,
    now: () => Date.now() + current,
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}
