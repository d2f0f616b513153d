import type { Operator } from "../operators/operators.ts";
import type { KnownRoute } from "./route-table.ts";

/** The connection of a request, as the server offers it to the app. */
export interface Connection {
  /** Closes the connection after so many seconds without a byte. 0 = never, for handlers that check this themselves. */
  setIdleTimeout(seconds: number): void;
  /** Closes the connection when the client takes no byte of a running response for so many seconds. */
  allowSlowReading(seconds: number): void;
  /** The peer's IP address, which may be a proxy's; `undefined` after the connection was closed. */
  address(): string | undefined;
}

/** The types of Hono's context. It holds facts of the request only, no services. */
export interface AppEnv {
  Bindings: Connection;
  Variables: {
    /** The route of the request's path. `requestLog` sets it first of all; `undefined` for an unknown path. */
    route: KnownRoute | undefined;
    /** Set by `authenticate`. */
    clientId: string;
    /** The request is one of a flood of refused tokens: it is only counted, and its log line has the level debug. */
    isCounted?: boolean;
    /** Set by `requireOperator`. */
    operator: Operator;
  };
}

/** The idle limit of a connection without a running transfer. It is longer than any look-up may take. */
export const idleSeconds = 120;
/** A transfer fails when no byte moves for this long. */
export const stallSeconds = 60;
