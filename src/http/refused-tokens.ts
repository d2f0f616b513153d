import type { AuditEvent, AuditFields, Log } from "../log.ts";

/** Limits the log lines about refused tokens, because a client may send thousands of them a second. */
export interface RefusedTokens {
  /** Writes a line and returns `true`, or counts it for a summary line within a second and returns `false`. */
  report(fields: AuditFields): boolean;
}

const windowMs = 1_000;
const linesPerWindow = 5;

/** `after` calls `work` once, after `ms` milliseconds. */
export function createRefusedTokens(
  log: Log,
  after: (ms: number, work: () => void) => void = (ms, work) => void setTimeout(work, ms).unref(),
): RefusedTokens {
  let written = 0;
  let open = false;
  const counted = new Map<string, { fields: AuditFields; count: number }>();

  function closeWindow(): void {
    open = false;
    written = 0;
    for (const { fields, count } of counted.values()) {
      log.info("access.denied" satisfies AuditEvent, { code: fields.code, outcome: fields.outcome, count });
    }
    counted.clear();
  }

  return {
    report(fields) {
      if (!open) after(windowMs, closeWindow);
      open = true;
      if (written < linesPerWindow) {
        written += 1;
        log.info("access.denied" satisfies AuditEvent, fields);
        return true;
      }
      const code = fields.code ?? "";
      const known = counted.get(code) ?? { fields, count: 0 };
      counted.set(code, { ...known, count: known.count + 1 });
      return false;
    },
  };
}
