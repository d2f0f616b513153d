export type LogFields = Readonly<Record<string, unknown>>;

/** Log lines are events (`hub.token.refreshed`) with fields; never a token, key, raw value, file content or file name. */
export interface Log {
  debug(event: string, fields?: LogFields): void;
  info(event: string, fields?: LogFields): void;
  warn(event: string, fields?: LogFields): void;
  error(event: string, fields?: LogFields): void;
}
