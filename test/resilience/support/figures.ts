import { appendFileSync, mkdirSync } from "node:fs";
import { join } from "node:path";

/** What a scenario did and what it found; plain counters, added to as it goes. */
export interface Figures {
  requests: number;
  /** Of the answers, by status. */
  readonly statuses: Record<string, number>;
  /** Requests that were sent but not answered to their end. */
  unanswered: number;
  /** Things broken on purpose. */
  faults: number;
  /** Of files read and compared with what was sent. */
  bytesVerified: number;
  /** Writes that were answered with success. */
  acknowledged: number;
  /** Acknowledged writes that were gone, doubled or changed. */
  losses: number;
}

/** Where the runner finds what all scenarios have done: a line of JSON for each. */
export const figuresFile = join(import.meta.dir, "../../../.artifacts/resilience.jsonl");

export const createFigures = (): Figures => ({
  requests: 0,
  statuses: {},
  unanswered: 0,
  faults: 0,
  bytesVerified: 0,
  acknowledged: 0,
  losses: 0,
});

/** Puts a scenario's figures on record; those without a frame of their own may give only some. */
export function recordFigures(name: string, figures: Partial<Figures>): void {
  mkdirSync(join(figuresFile, ".."), { recursive: true });
  appendFileSync(figuresFile, `${JSON.stringify({ name, ...figures })}\n`);
}

/** One line for people, of all that is on record. */
export function sumUp(lines: string): string {
  const all: Partial<Figures>[] = lines
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
  const sum = (name: "requests" | "faults" | "bytesVerified" | "losses") =>
    all.reduce((total, figures) => total + (figures[name] ?? 0), 0).toLocaleString("en");
  return `resilience: ${sum("requests")} requests made, ${sum("faults")} faults injected, ${sum("bytesVerified")} bytes verified, ${sum("losses")} losses`;
}
