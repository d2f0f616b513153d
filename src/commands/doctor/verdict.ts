import { reasonOf } from "../../errors.ts";

/** What came of a check, in words for an operator. */
export interface Verdict {
  readonly status: "ok" | "warning" | "failed";
  readonly message: string;
  /** What to do, where the message does not say it already. */
  readonly remedy?: string;
}

export interface Check {
  readonly name: string;
  /** May throw; that is a failure. */
  readonly run: () => Promise<Verdict>;
}

export interface Finding extends Verdict {
  readonly check: string;
}

export const ok = (message: string): Verdict => ({ status: "ok", message });
export const warning = (message: string, remedy: string): Verdict => ({ status: "warning", message, remedy });
export const failed = (message: string, remedy: string): Verdict => ({ status: "failed", message, remedy });

/** Runs a check to its end, or for as long as it may take. Never throws. */
export async function findingOf({ name, run }: Check, limitMs: number): Promise<Finding> {
  const { promise: overdue, resolve } = Promise.withResolvers<Verdict>();
  const timer = setTimeout(() => {
    resolve(failed(`no answer within ${limitMs / 1000} s`, "Is it up, and does no firewall drop the packets?"));
  }, limitMs);
  const work = run().catch((error): Verdict => ({ status: "failed", message: reasonOf(error) }));
  try {
    return { check: name, ...(await Promise.race([work, overdue])) };
  } finally {
    clearTimeout(timer);
  }
}
