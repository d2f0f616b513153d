import type { Log, LogFields } from "../../src/log.ts";

export interface LogLine {
  readonly level: string;
  readonly event: string;
  readonly fields: LogFields;
}

/** Keeps all lines, for tests that look at them; prints them when TEST_LOG is set. */
export function createTestLog(): { log: Log; lines: LogLine[] } {
  const lines: LogLine[] = [];
  const at =
    (level: string) =>
    (event: string, fields: LogFields = {}) => {
      lines.push({ level, event, fields });
      if (Bun.env.TEST_LOG) console.error(level, event, JSON.stringify(fields));
    };
  return { log: { debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") }, lines };
}
