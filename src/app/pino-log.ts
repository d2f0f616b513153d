import pino from "pino";
import { auditEvents, type Log, type LogFields } from "../log.ts";

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
    },
    destination,
  );
  const at =
    (level: PinoLogOptions["level"]) =>
    (event: string, fields: LogFields = {}) => {
      if (!logger.isLevelEnabled(level)) return;
      const common = context();
      const audited = audit.has(event) ? auditFields(event, fields, common) : undefined;
      // One object; the library's own way to add fields to every line (`mixin`) costs twice as much.
      logger[level]({ ...common, ...fields, msg: event, ...audited }, event);
    };
  return { debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") };
}

const audit: ReadonlySet<string> = new Set(auditEvents);

/** The names by which a node's user interface finds audit lines; it fails on one that lacks any of them. */
function auditFields(event: string, fields: LogFields, context: LogFields): LogFields {
  return {
    timestamp: new Date().toISOString(),
    service: "Storage",
    event_name: event,
    user: fields.user ?? context.user ?? fields.analysisId ?? "anonymous",
  };
}

function prettyLine(line: string): string {
  const parsed: Record<string, unknown> = JSON.parse(line);
  // What machines read besides says nothing more.
  const { level, time, event, msg: _, timestamp: __, service: ___, event_name: ____, ...fields } = parsed;
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
