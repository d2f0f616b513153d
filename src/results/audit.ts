import { AppError } from "../errors.ts";
import type { AuditEvent, AuditFields, Log, LogFields } from "../log.ts";

/** What an audit event knows so far. The work adds to it while it runs. */
export type AuditFacts = { -readonly [Name in "analysisId" | "projectId" | "objectId" | "bytes"]?: AuditFields[Name] };

/** Writes audit events to the log: what happened to results, and how it ended. */
export interface Audit {
  ok(event: AuditEvent, facts: AuditFacts & LogFields): void;
  failed(event: AuditEvent, facts: AuditFacts & LogFields, error: unknown): void;
  /** Does the work, then logs the event and its outcome. Until then the work may add to the facts. */
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
