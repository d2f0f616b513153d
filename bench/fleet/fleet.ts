import { retryDelay } from "../../src/submissions/retry-delay.ts";

export interface FleetOptions {
  readonly nodes: number;
  readonly outageSeconds: number;
  /** What the Hub asks for while it is away; `undefined`: it does not answer. */
  readonly retryAfterMs: number | undefined;
  readonly random: () => number;
}

export interface FleetLoad {
  /** In the outage, first attempts included. */
  readonly requests: number;
  /** Of repetitions in the outage. */
  readonly worstSecond: number;
  readonly worstSecondAfter: number;
  /** After the end of the outage. */
  readonly allDeliveredSeconds: number;
}

/** As SUBMISSIONS__RETRY_MAX_SECONDS is unless set. */
const longestMs = 60_000;

/** All nodes have their first attempt within the second in which the Hub goes: the worst that can be. */
export function createFleet({ nodes, outageSeconds, retryAfterMs, random }: FleetOptions): FleetLoad {
  const endMs = outageSeconds * 1000;
  const perSecond = new Map<number, number>();
  let requests = 0;
  let lastMs = endMs;
  for (let node = 0; node < nodes; node += 1) {
    for (let attempts = 1, atMs = 0; ; attempts += 1) {
      if (attempts > 1) perSecond.set(Math.floor(atMs / 1000), (perSecond.get(Math.floor(atMs / 1000)) ?? 0) + 1);
      if (atMs >= endMs) {
        lastMs = Math.max(lastMs, atMs);
        break;
      }
      requests += 1;
      atMs += retryDelay(attempts, retryAfterMs, longestMs, random).delayMs;
    }
  }
  const worst = (isWanted: (second: number) => boolean) =>
    Math.max(0, ...[...perSecond].filter(([second]) => isWanted(second)).map(([, count]) => count));
  return {
    requests,
    worstSecond: worst((second) => second < outageSeconds),
    worstSecondAfter: worst((second) => second >= outageSeconds),
    allDeliveredSeconds: (lastMs - endMs) / 1000,
  };
}
