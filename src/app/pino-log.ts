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
      // Merged into one object here: pino's `mixin`, which adds fields to every line, costs twice as much.
      logger[level]({ ...common, ...fields, msg: event, ...audited }, event);
    };
  return { debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") };
}

const audit: ReadonlySet<string> = new Set(auditEvents);

/** The fields by which a node's user interface finds audit lines. It fails on a line that lacks one of them. */
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
  // These fields repeat others for machines, so people do not need them.
  const { level, time, event, msg: _, timestamp: __, service: ___, event_name: ____, ...fields } = parsed;
  const clock = String(time).slice(11, 19);
  const rest = Object.entries(fields).map(([key, value]) => {
    return `${key}=${plain(typeof value === "string" ? value : JSON.stringify(value))}`;
  });
  return `${[clock, String(level).toUpperCase().padEnd(5), event, ...rest].join(" ")}\n`;
}

/** Escapes a client's text, so that it cannot start a new line or send control codes to the terminal. */
function plain(text: string): string {
  return text.replace(/[\p{Cc}\u2028-\u202e\u2066-\u2069]/gu, (character) => {
    return character === "\n" ? "\\n" : `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
  });
}
