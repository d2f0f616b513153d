import { AppError } from "../errors.ts";
import type { AuditEvent, AuditFields, Log } from "../log.ts";

/** What is known so far of what is being done. */
export type AuditFacts = { -readonly [Name in "analysisId" | "projectId" | "objectId" | "bytes"]?: AuditFields[Name] };

/** Does the work, which adds to the facts what it learns, and logs the event with them and with how it ended. */
export async function audited<T>(log: Log, event: AuditEvent, facts: AuditFacts, work: () => Promise<T>): Promise<T> {
  try {
    const value = await work();
    log.info(event, { ...facts, outcome: "ok" } satisfies AuditFields);
    return value;
  } catch (error) {
    const code = error instanceof AppError ? error.code : "unknown";
    log.info(event, { ...facts, outcome: "failed", code } satisfies AuditFields);
    throw error;
  }
}
