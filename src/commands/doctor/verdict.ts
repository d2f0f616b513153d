import { reasonOf } from "../../errors.ts";

/** The result of a check, in words for an operator. */
export interface Verdict {
  readonly status: "ok" | "warning" | "failed";
  readonly message: string;
  /** What to do, if the message does not say it already. */
  readonly remedy?: string;
}

export interface Check {
  readonly name: string;
  /** May throw; an error counts as a failed check. */
  readonly run: () => Promise<Verdict>;
}

export interface Finding extends Verdict {
  readonly check: string;
}

export const ok = (message: string): Verdict => ({ status: "ok", message });
export const warning = (message: string, remedy: string): Verdict => ({ status: "warning", message, remedy });
export const failed = (message: string, remedy: string): Verdict => ({ status: "failed", message, remedy });

/** Runs a check, and reports a failure if it takes longer than the limit. Never throws. */
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
