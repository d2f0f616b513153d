import pino from "pino";
import type { Log, LogFields } from "../log.ts";

export interface PinoLogOptions {
  readonly level: "debug" | "info" | "warn" | "error";
  readonly format: "json" | "pretty";
  readonly write: (line: string) => void;
  /** Fields for every line, such as the id of the request being served. */
  readonly context: () => LogFields;
}

/** Structured log lines; `pretty` is for people at a terminal. */
export function createPinoLog({ level, format, write, context }: PinoLogOptions): Log {
  const destination = { write: format === "json" ? write : (line: string) => write(prettyLine(line)) };
  const logger = pino(
    {
      level,
      base: null,
      messageKey: "event",
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      mixin: () => ({ ...context() }),
    },
    destination,
  );
  return {
    debug: (event, fields = {}) => logger.debug(fields, event),
    info: (event, fields = {}) => logger.info(fields, event),
    warn: (event, fields = {}) => logger.warn(fields, event),
    error: (event, fields = {}) => logger.error(fields, event),
  };
}

function prettyLine(line: string): string {
  const { level, time, event, ...fields }: Record<string, unknown> = JSON.parse(line);
  const clock = String(time).slice(11, 19);
  const rest = Object.entries(fields).map(([key, value]) => {
    return `${key}=${plain(typeof value === "string" ? value : JSON.stringify(value))}`;
  });
  return `${[clock, String(level).toUpperCase().padEnd(5), event, ...rest].join(" ")}\n`;
}

/** A client's text may neither begin a line of its own nor command the terminal. */
function plain(text: string): string {
  return text.replace(/[\p{Cc}\u2028-\u202e\u2066-\u2069]/gu, (character) => {
    return character === "\n" ? "\\n" : `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
  });
}
