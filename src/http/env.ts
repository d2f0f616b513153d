import type { Operator } from "../operators/operators.ts";
import type { KnownRoute } from "./route-table.ts";

/** What the server tells the app about the connection of a request. */
export interface Connection {
  /** Seconds without a byte after which the connection is cut; 0 = never, for handlers that watch over it themselves. */
  setIdleTimeout(seconds: number): void;
  /** Cuts the connection when for so many seconds the client takes no byte of an answer that is still on its way. */
  allowSlowReading(seconds: number): void;
  /** The address it comes from, which may be a proxy's; `undefined` once it is gone. */
  address(): string | undefined;
}

/** The types of Hono's context: request facts only. */
export interface AppEnv {
  Bindings: Connection;
  Variables: {
    /** What the path names, set before anything else; `undefined` for an unknown one. */
    route: KnownRoute | undefined;
    /** Set by `authenticate`. */
    clientId: string;
    /** The request is one of a flood, and its line is left out like the others'. */
    isCounted?: boolean;
    /** Set by `requireOperator`. */
    operator: Operator;
  };
}

/** The idle limit of connections on which no transfer runs; longer than any look-up may take. */
export const idleSeconds = 120;
/** A transfer on which no byte moves for this long is given up. */
export const stallSeconds = 60;
