import type { ResilienceWorld } from "../support/world.ts";

export interface KeyFlood {
  /** How often the service has fetched the provider's keys. */
  fetches(): number;
  /** Resolves when the flood has gone on for so long. */
  atLeast(ms: number): Promise<void>;
  stop(): Promise<FloodReport>;
}

export interface FloodReport {
  readonly refused: number;
  readonly served: number;
  /** Between one fetch of the keys and the next. */
  readonly gapsMs: readonly number[];
  /** Answers that should not have been. */
  readonly complaints: readonly string[];
}

/** Asks with tokens of unknown keys, several times a second, and with good ones in between. */
export function startKeyFlood(world: ResilienceWorld, forge: () => string): KeyFlood {
  const startedAt = performance.now();
  const fetches = () => world.identity.requests["/certs"] ?? 0;
  const fetchedAt: number[] = [];
  const complaints: string[] = [];
  let [refused, served] = [0, 0];
  let isOver = false;
  const watch = setInterval(() => {
    while (fetchedAt.length < fetches()) fetchedAt.push(performance.now());
  }, 20);

  async function ask(token: string, expected: number): Promise<void> {
    const headers = { authorization: `Bearer ${token}` };
    const { status } = await fetch(`${world.url}/local/tags`, { headers });
    world.figures.requests += 1;
    if (status === expected) return;
    complaints.push(`${status} instead of ${expected}`);
  }

  const flood = (async () => {
    while (!isOver) {
      await Promise.all(Array.from({ length: 5 }, () => ask(forge(), 403)));
      refused += 5;
      world.figures.faults += 5;
      await ask(await world.token("1"), 200);
      served += 1;
      await Bun.sleep(200);
    }
  })();

  let report: Promise<FloodReport> | undefined;
  return {
    fetches,
    atLeast: (ms) => Bun.sleep(Math.max(0, startedAt + ms - performance.now())),
    stop() {
      report ??= (async () => {
        isOver = true;
        await flood.catch((error: unknown) => complaints.push(String(error)));
        clearInterval(watch);
        const gapsMs = fetchedAt.slice(1).map((at, index) => at - (fetchedAt[index] ?? 0));
        return { refused, served, gapsMs, complaints };
      })();
      return report;
    },
  };
}
