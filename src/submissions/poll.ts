import type { Submission, SubmissionStore } from "./store/submission-store.ts";
import type { Verdict, WaitingClients } from "./waiting-clients.ts";

export interface PollDeps {
  readonly store: Pick<SubmissionStore, "find">;
  readonly clients: Pick<WaitingClients, "isWaiting" | "answer">;
  readonly everyMs?: number;
}

/**
 * Watches a submission in the database for a client that waits in this process: another process may deliver it, and
 * only the database can tell this one. Never throws; ends when the client has its response.
 */
export async function poll({ store, clients, everyMs = 500 }: PollDeps, id: string): Promise<void> {
  for (;;) {
    await new Promise((resolve) => setTimeout(resolve, everyMs));
    if (!clients.isWaiting(id)) return;
    const verdict = await store.find(id).then(verdictOn, () => undefined);
    if (verdict !== undefined) clients.answer(id, verdict);
  }
}

/**
 * `undefined` until the first attempt has ended. A missing row gives `queued`: nobody will deliver the submission any
 * more.
 */
function verdictOn(found: Submission | undefined): Verdict | undefined {
  if (found === undefined) return "queued";
  const { state, attempts } = found;
  if (state === "delivered") return "delivered";
  return state === "rejected" || (state === "queued" && attempts > 0) ? "queued" : undefined;
}
