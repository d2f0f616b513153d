import type { Row } from "./measure.ts";
import type { Plot } from "./plot.ts";

/** What every group of rows is run with. */
export interface Bench {
  /** Smaller and fewer, to try it out. */
  readonly quick: boolean;
  /** How often both sides are measured. */
  readonly rounds: number;
  /** How long each side sends small requests in a round. */
  readonly seconds: number;
  readonly executable: string;
  /** One of an earlier version, to be held beside it. */
  readonly earlier: string | undefined;
  /** A folder in memory. */
  readonly scratch: string;
  /** A file of so many bytes without any pattern, in memory. */
  file(bytes: number): Promise<string>;
  /** The hash of that file in hex. */
  sha256(bytes: number): Promise<string>;
  add(row: Row): void;
  plot(name: string, plot: Plot): Promise<void>;
}

export interface RowGroup {
  readonly name: string;
  readonly run: (bench: Bench) => Promise<void>;
}
