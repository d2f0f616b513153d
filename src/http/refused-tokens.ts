import type { AuditEvent, AuditFields, Log } from "../log.ts";

/** Lines about refused tokens; a client that sends thousands of them a second must not fill the log. */
export interface RefusedTokens {
  /** Writes a line, or counts it in one that follows within a second; says whether it was written. */
  report(fields: AuditFields): boolean;
}

const windowMs = 1_000;
const linesPerWindow = 5;

/** `after` calls back once, some time later. */
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
