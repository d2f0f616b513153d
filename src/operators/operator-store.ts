/** How the session was opened. `console`: by a one-time link; `oidc`: at the identity provider. */
export type SessionKind = "console" | "oidc";

export interface NewSession {
  /** SHA-256 of the token in lower-case hex, so that nobody can sign in with the content of the database. */
  readonly tokenHash: string;
  readonly name: string;
  /** The identity provider's `sub` of the person, which stays the same if the name changes. `undefined` for a link. */
  readonly subject: string | undefined;
  readonly kind: SessionKind;
}

export interface Session {
  readonly name: string;
  readonly subject: string | undefined;
  readonly kind: SessionKind;
  readonly endsAt: Date;
}

/**
 * Stores unused one-time links (tickets) and sessions. They survive restarts, and all workers share them. Opening a
 * session writes a row of the record in the same transaction.
 *
 * Every function throws `AppError("database")` when the database fails.
 */
export interface OperatorStore {
  addTicket(ticketHash: string, name: string): Promise<void>;
  /** Removes the ticket and opens a session with its name. `undefined` if the ticket is used, too old or unknown. */
  redeem(ticketHash: string, tokenHash: string): Promise<Session | undefined>;
  open(session: NewSession): Promise<Session>;
  /** Finds a session and restarts its idle time. `undefined` if it has ended or was idle for too long. */
  find(tokenHash: string): Promise<Session | undefined>;
  /** Idempotent. */
  end(tokenHash: string): Promise<void>;
  /** The number of open sessions. */
  count(): Promise<number>;
  /** Whether there is an open session or a valid ticket. */
  isAnyOpen(): Promise<boolean>;
}

const minuteMs = 60_000;

export const ticketMs = 10 * minuteMs;
export const sessionMs = 8 * 60 * minuteMs;
/**
 * A session ends after this time without requests. An open page sends some by itself, so only a closed page becomes
 * idle.
 */
export const idleMs = 60 * minuteMs;
/** The time of a session's last use is written to the database at most this often. */
export const touchMs = minuteMs;
