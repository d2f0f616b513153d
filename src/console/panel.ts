import type { FunctionComponent } from "preact";
import type { Query } from "./api.ts";
import type { Polled } from "./polling.ts";
import type { Overview } from "./wire.ts";

/** What the whole page goes by. */
export interface Summary extends Overview {
  /** Finals that wait for a decision; `undefined` where the node cannot tell. */
  readonly held: { readonly count: number; readonly oldestAt: string | undefined } | undefined;
}

/** One thing to look at: a file in `panels/` and a line in `panels.ts`. */
export interface Panel {
  /** Its place in the address. */
  readonly id: string;
  readonly title: string;
  readonly View: FunctionComponent<PanelProps>;
  /** How much of it waits for somebody; 0 shows nothing. */
  readonly waiting?: (summary: Summary) => number;
  /** Keys of its own, for the help. */
  readonly shortcuts?: readonly (readonly [key: string, meaning: string])[];
}

export interface PanelProps {
  /** Filters, as they stand in the address. */
  readonly query: Query;
  /** Polled for the whole page. */
  readonly overview: Polled<Summary>;
}
