import type { Log } from "../log.ts";
import type { NewEntry } from "./record-store.ts";

/** Counts denied requests by client. */
export interface Denials {
  count(clientId: string | undefined): void;
  /** Writes the present counts to log and record. */
  close(): Promise<void>;
}

export interface DenialsDeps {
  readonly note: (entry: NewEntry) => Promise<void>;
  readonly log: Log;
  readonly minuteMs: number;
}

/** More clients than a node has. Further clients share one row without a name. */
const maxClients = 1_000;

/**
 * Writes one row per client and minute, so that a client that tries often does not fill the record. The log has the
 * count.
 */
export function createDenials({ note, log, minuteMs }: DenialsDeps): Denials {
  const counts = new Map<string | undefined, number>();
  let timer: ReturnType<typeof setTimeout> | undefined;

  async function flush(): Promise<void> {
    clearTimeout(timer);
    timer = undefined;
    const counted = [...counts];
    counts.clear();
    await Promise.all(
      counted.map(([actor, times]) => {
        log.info("access.denied.counted", { analysisId: actor, times });
        return note({ event: "access.denied", actor, outcome: "denied", requestId: undefined });
      }),
    );
  }

  return {
    count(clientId) {
      const client = counts.has(clientId) || counts.size < maxClients ? clientId : undefined;
      counts.set(client, (counts.get(client) ?? 0) + 1);
      timer ??= setTimeout(() => void flush(), minuteMs);
    },
    close: flush,
  };
}
