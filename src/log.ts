export type LogFields = Readonly<Record<string, unknown>>;

/** Lines are events (`hub.token.refreshed`) with fields. Never log a token, key, raw value, file content or file name. */
export interface Log {
  debug(event: string, fields?: LogFields): void;
  info(event: string, fields?: LogFields): void;
  warn(event: string, fields?: LogFields): void;
  error(event: string, fields?: LogFields): void;
}

/** Logs nothing; for commands, which print their errors themselves. */
export const quietLog: Log = { debug() {}, info() {}, warn() {}, error() {} };

/**
 * The audit trail: who did what to which data. Metrics count the same events. The service logs each event once, at level
 * info, with `AuditFields`, when the action has ended. The logger adds the request's id to every line.
 */
export const auditEvents = [
  /** A local result was stored. */
  "result.stored",
  /** The service began to send a local result, to its analysis or on to another node. */
  "result.read",
  /** The Hub has received an intermediate for another node. */
  "intermediate.sent",
  /** The analysis has received an intermediate completely. */
  "intermediate.received",
  /** The service accepted a final result: it will reach the Hub, now or later. */
  "final.submitted",
  /** A final result waits for an operator's decision; the Hub knows nothing of it. */
  "final.held",
  /** An operator has approved a final result. */
  "final.approved",
  /** An operator has declined a final result. It will not reach the Hub. */
  "final.declined",
  /** A final result was declined because nobody decided on it in time. */
  "final.expired",
  /** The Hub has received a final result. */
  "final.delivered",
  /** A retention rule removed a local result from this node, or an intermediate of this node from the Hub. */
  "result.expired",
  /** This node removed everything of a project. */
  "project.deleted",
  /** A number, or a list of numbers, was released with noise (differential privacy); has `epsilon` and `sensitivity`. */
  "dp.released",
  /** The Hub gives a new public key for a node; `denied` if an operator must trust the key first. */
  "peer.key_changed",
  /** An operator has set or removed a project's own privacy budget; has `epsilon` and `reason`. */
  "budget.changed",
  /** A caller had no token, a wrong one or no permission. In a flood one line stands for several (`count`). */
  "access.denied",
] as const;
export type AuditEvent = (typeof auditEvents)[number];

export interface AuditFields extends LogFields {
  /** The analysis or other client that acted. */
  readonly analysisId?: string;
  readonly projectId?: string;
  readonly objectId?: string;
  /** Size of the file, or of the requested part. For an intermediate: its encrypted size on the Hub. */
  readonly bytes?: number;
  readonly outcome: "ok" | "failed" | "denied";
  /** The reason, if the outcome is not `ok`: an `ErrorCode`. */
  readonly code?: string;
}
