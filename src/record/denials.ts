import type { Log } from "../log.ts";
import type { NewEntry } from "./record-store.ts";

/** How often somebody was denied something. */
export interface Denials {
  count(clientId: string | undefined): void;
  /** Puts on record what was counted. */
  close(): Promise<void>;
}

export interface DenialsDeps {
  readonly note: (entry: NewEntry) => Promise<void>;
  readonly log: Log;
  readonly minuteMs: number;
}

/** More clients than a node has. Those beyond share one row without a name. */
const maxClients = 1_000;

/** One row a minute and client, so that a client that tries a thousand times does not fill the record. How often is in the log. */
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
