import type { FunctionComponent } from "preact";
import type { Query } from "./api.ts";
import type { Polled } from "./polling.ts";
import type { Overview } from "./wire.ts";

/** The data that the frame and several panels use. */
export interface Summary extends Overview {
  /** Finals that wait for a decision; `undefined` if the node did not answer that. */
  readonly held: { readonly count: number; readonly oldestAt: string | undefined } | undefined;
}

/** A panel of the page. A new panel needs a file in `panels/` and a line in `panels.ts`. */
export interface Panel {
  /** Its name in the URL. */
  readonly id: string;
  readonly title: string;
  readonly View: FunctionComponent<PanelProps>;
  /** How many items wait for an operator; 0 shows no number. */
  readonly waiting?: (summary: Summary) => number;
  /** The panel's own keys, for the help. */
  readonly shortcuts?: readonly (readonly [key: string, meaning: string])[];
}

export interface PanelProps {
  /** The filters in the URL. */
  readonly query: Query;
  /** The frame polls it for all panels. */
  readonly overview: Polled<Summary>;
}
