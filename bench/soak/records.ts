/** What a soak has seen of the service from outside. */
export interface Records {
  /** An answer as expected, after so long. */
  answered(route: string, ms: number): void;
  /** Anything else. */
  complain(what: string): void;
  verified(bytes: number): void;
  readonly consoleErrors: ReadonlyMap<string, number>;
  readonly bytesVerified: () => number;
  readonly latencies: () => readonly Latencies[];
}

/** Of one route, in ms. */
export interface Latencies {
  readonly route: string;
  readonly requests: number;
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
  readonly max: number;
}

export function createRecords(): Records {
  const byRoute = new Map<string, number[]>();
  const consoleErrors = new Map<string, number>();
  let bytesVerified = 0;
  return {
    answered(route, ms) {
      const list = byRoute.get(route) ?? [];
      byRoute.set(route, list);
      list.push(ms);
    },
    complain(what) {
      consoleErrors.set(what, (consoleErrors.get(what) ?? 0) + 1);
    },
    verified(bytes) {
      bytesVerified += bytes;
    },
    consoleErrors,
    bytesVerified: () => bytesVerified,
    latencies: () => [...byRoute].sort(([a], [b]) => a.localeCompare(b)).map(([route, list]) => describe(route, list)),
  };
}

function describe(route: string, list: readonly number[]): Latencies {
  const sorted = list.toSorted((a, b) => a - b);
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
  return { route, requests: list.length, p50: at(0.5), p95: at(0.95), p99: at(0.99), max: at(1) };
}
