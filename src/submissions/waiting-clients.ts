/** What a client is told about its submission. */
export type Verdict = "delivered" | "queued";

/** A client that `take` returned: the caller must now answer it. */
export interface TakenClient {
  refuse(error: Error): void;
}

/**
 * Clients that wait for the delivery of their submissions. Each gets one answer: `queued` at the latest after the
 * waiting time, unless `take` has removed it before.
 */
export interface WaitingClients {
  wait(submissionId: string, analysisId: string): Promise<Verdict>;
  isWaiting(submissionId: string): boolean;
  answer(submissionId: string, verdict: Verdict): void;
  /** `undefined` when no client waits, or waits any more: it was promised a delivery then. */
  take(submissionId: string): TakenClient | undefined;
  /** Tells `queued` to all, or to all of an analysis. */
  dismiss(analysisId?: string): void;
}

interface Client {
  readonly analysisId: string;
  readonly timer: ReturnType<typeof setTimeout>;
  readonly resolve: (verdict: Verdict) => void;
  readonly reject: (error: Error) => void;
}

export function createWaitingClients(waitMs: number): WaitingClients {
  const clients = new Map<string, Client>();

  function remove(id: string): Client | undefined {
    const client = clients.get(id);
    clearTimeout(client?.timer);
    clients.delete(id);
    return client;
  }

  const answer = (id: string, verdict: Verdict) => remove(id)?.resolve(verdict);

  return {
    answer,
    wait(id, analysisId) {
      return new Promise((resolve, reject) => {
        const timer = setTimeout(() => answer(id, "queued"), waitMs);
        clients.set(id, { analysisId, timer, resolve, reject });
      });
    },
    isWaiting: (id) => clients.has(id),
    take(id) {
      const client = remove(id);
      return client && { refuse: client.reject };
    },
    dismiss(analysisId) {
      for (const [id, client] of [...clients]) {
        if (analysisId === undefined || client.analysisId === analysisId) answer(id, "queued");
      }
    },
  };
}
