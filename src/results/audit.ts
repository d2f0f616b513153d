import { AppError } from "../errors.ts";
import type { AuditEvent, AuditFields, Log, LogFields } from "../log.ts";

/** What is known so far of what is being done. */
export type AuditFacts = { -readonly [Name in "analysisId" | "projectId" | "objectId" | "bytes"]?: AuditFields[Name] };

/** Puts on record what was done with results, and how it ended. */
export interface Audit {
  ok(event: AuditEvent, facts: AuditFacts & LogFields): void;
  failed(event: AuditEvent, facts: AuditFacts & LogFields, error: unknown): void;
  /** Does the work, which adds to the facts what it learns, and records the event with them when it has ended. */
  during<T>(event: AuditEvent, facts: AuditFacts, work: () => Promise<T>): Promise<T>;
}

export function createAudit(log: Log): Audit {
  function ok(event: AuditEvent, facts: AuditFacts & LogFields): void {
    log.info(event, { ...facts, outcome: "ok" } satisfies AuditFields);
  }

  function failed(event: AuditEvent, facts: AuditFacts & LogFields, error: unknown): void {
    const code = error instanceof AppError ? error.code : "unknown";
    log.info(event, { ...facts, outcome: "failed", code } satisfies AuditFields);
  }

  async function during<T>(event: AuditEvent, facts: AuditFacts, work: () => Promise<T>): Promise<T> {
    try {
      const value = await work();
      ok(event, facts);
      return value;
    } catch (error) {
      failed(event, facts, error);
      throw error;
    }
  }

  return { ok, failed, during };
}
