import type { Submission, SubmissionStore } from "./store/submission-store.ts";
import type { Verdict, WaitingClients } from "./waiting-clients.ts";

export interface PollDeps {
  readonly store: Pick<SubmissionStore, "find">;
  readonly clients: Pick<WaitingClients, "isWaiting" | "answer">;
  readonly everyMs?: number;
}

/**
 * Watches a submission for the client that waits for it here, as the process that delivers it may be another one: the
 * database tells what that one cannot. Never throws; ends when the client has its answer.
 */
export async function poll({ store, clients, everyMs = 500 }: PollDeps, id: string): Promise<void> {
  for (;;) {
    await new Promise((resolve) => setTimeout(resolve, everyMs));
    if (!clients.isWaiting(id)) return;
    const verdict = await store.find(id).then(verdictOn, () => undefined);
    if (verdict !== undefined) clients.answer(id, verdict);
  }
}

/** `undefined` while the first attempt is still to come, or under way. One that is gone will not be delivered either. */
function verdictOn(found: Submission | undefined): Verdict | undefined {
  if (found === undefined) return "queued";
  const { state, attempts } = found;
  if (state === "delivered") return "delivered";
  return state === "rejected" || (state === "queued" && attempts > 0) ? "queued" : undefined;
}
