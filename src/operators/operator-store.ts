/** `console`: by a one-time link; `oidc`: by the identity provider. */
export type SessionKind = "console" | "oidc";

export interface NewSession {
  /** SHA-256 of the token in lower-case hex: the database alone opens no door. */
  readonly tokenHash: string;
  readonly name: string;
  /** Whom the identity provider means, whatever they are called; a link is for a name alone. */
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
 * Links that nobody has used yet, and who is signed in. They survive restarts, and every process knows them. Who signs in is
 * put on record in the same transaction.
 *
 * Every function throws `AppError("database")` when the database fails.
 */
export interface OperatorStore {
  addTicket(ticketHash: string, name: string): Promise<void>;
  /** Uses the ticket up and opens a session in its name, once; `undefined` for one that was used, is too old or unknown. */
  redeem(ticketHash: string, tokenHash: string): Promise<Session | undefined>;
  open(session: NewSession): Promise<Session>;
  /** `undefined` for one that has ended or rested for too long; looking at it prolongs the rest that it may have. */
  find(tokenHash: string): Promise<Session | undefined>;
  /** Idempotent. */
  end(tokenHash: string): Promise<void>;
  /** How many are signed in. */
  count(): Promise<number>;
  /** Whether there is a session, or a ticket to open one by. */
  isAnyOpen(): Promise<boolean>;
}

const minuteMs = 60_000;

export const ticketMs = 10 * minuteMs;
export const sessionMs = 8 * 60 * minuteMs;
/** The page asks by itself as long as it is open, so that this is how long a closed one can be opened again. */
export const idleMs = 60 * minuteMs;
/** So often is it written down that a session is in use. */
export const touchMs = minuteMs;
