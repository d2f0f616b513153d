export type LogFields = Readonly<Record<string, unknown>>;

/** Log lines are events (`hub.token.refreshed`) with fields; never a token, key, raw value, file content or file name. */
export interface Log {
  debug(event: string, fields?: LogFields): void;
  info(event: string, fields?: LogFields): void;
  warn(event: string, fields?: LogFields): void;
  error(event: string, fields?: LogFields): void;
}

/** For what says itself what goes wrong. */
export const quietLog: Log = { debug() {}, info() {}, warn() {}, error() {} };

/**
 * Who did what to which data, for those who have to account for it; metrics are counted from the same events. Each is
 * logged once, at level info, with `AuditFields`, when the matter is over. Every line has the request's id by itself.
 */
export const auditEvents = [
  /** A local result was stored. */
  "result.stored",
  /** The sending of a local result was begun, to its analysis or on to another node. */
  "result.read",
  /** The Hub has an intermediate for another node. */
  "intermediate.sent",
  /** An intermediate was delivered to the analysis, to its last byte. */
  "intermediate.received",
  /** A final result was accepted: it will reach the Hub, now or later. */
  "final.submitted",
  /** A final result waits for an operator's decision; the Hub knows nothing of it. */
  "final.held",
  /** An operator has approved a final result. */
  "final.approved",
  /** An operator has declined a final result, and it will not reach the Hub. */
  "final.declined",
  /** Nobody has decided on a final result for as long as it may wait; it is declined. */
  "final.expired",
  /** The Hub has a final result. */
  "final.delivered",
  /** A rule of retention has removed a local result from this node, or an intermediate of this node from the Hub. */
  "result.expired",
  /** Everything of a project was removed from this node. */
  "project.deleted",
  /** A number, or a list of numbers, left its analysis with noise added; has `epsilon` and `sensitivity`. */
  "dp.released",
  /** The Hub gives another public key for a node than before; `denied` where an operator must trust it first. */
  "peer.key_changed",
  /** An operator has set or removed a project's own privacy budget; has `epsilon` and `reason`. */
  "budget.changed",
  /** Somebody had no token, a wrong one, or no right to what was asked for; with `count` more than one, in a flood of them. */
  "access.denied",
] as const;
export type AuditEvent = (typeof auditEvents)[number];

export interface AuditFields extends LogFields {
  /** The analysis, or the client that acted. */
  readonly analysisId?: string;
  readonly projectId?: string;
  readonly objectId?: string;
  /** Size of the file, or of the part of it that was asked for; of an intermediate as the Hub keeps it. */
  readonly bytes?: number;
  readonly outcome: "ok" | "failed" | "denied";
  /** Why not, where the outcome is not `ok`: an `ErrorCode`. */
  readonly code?: string;
}
