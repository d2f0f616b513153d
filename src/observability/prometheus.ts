import { AggregatorRegistry, Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from "prom-client";
import { auditEvents } from "../log.ts";
import { createSingleFlight } from "../time/single-flight.ts";
import type { HeldFinals, Metrics, MetricsReport, PeersByFraming, QueueLength, RecordLength } from "./metrics.ts";
import { watchUsage } from "./usage-gauges.ts";

export interface PrometheusOptions {
  readonly version: string;
  /** The runtime's name and version. */
  readonly runtime: string;
  /** Set if several workers serve together: gets the metrics of the other workers. Never throws. */
  readonly gather?: (() => Promise<Gathered>) | undefined;
}

export interface Gathered {
  /** The intended number of workers, including this one. */
  readonly workers: number;
  /** The other workers' metrics. A worker that does not answer in time is missing. */
  readonly reports: readonly MetricsReport[];
}

const prefix = "flame_result_";
const requestBuckets = [0.005, 0.025, 0.1, 0.25, 1, 5, 30, 120, 600];
const callBuckets = [0.005, 0.025, 0.1, 0.5, 2, 15, 60, 300];
const knownMethods = new Set(["GET", "HEAD", "PUT", "POST", "DELETE", "OPTIONS", "PATCH"]);
const databaseLimitMs = 2_000;

/** The kind and direction of the bytes that an audit event reports. */
const movedBy: Readonly<Record<string, { readonly kind: string; readonly direction: "in" | "out" }>> = {
  "result.stored": { kind: "local", direction: "in" },
  "result.read": { kind: "local", direction: "out" },
  "intermediate.sent": { kind: "intermediate", direction: "in" },
  "intermediate.received": { kind: "intermediate", direction: "out" },
  "final.submitted": { kind: "final", direction: "in" },
};
const audit: ReadonlySet<string> = new Set(auditEvents);
const renewals: Readonly<Record<string, "ok" | "failed">> = {
  "hub.token.obtained": "ok",
  "hub.token.refresh-failed": "failed",
  "hub.token.renewal-failed": "failed",
};

/** Creates the service's and the process's metrics in a new registry. */
export function createPrometheusMetrics({ version, runtime, gather }: PrometheusOptions): Metrics {
  const registry = new Registry();
  // All workers read these values from the same database, so they must not be added up.
  const common = gather === undefined ? registry : new Registry();
  collectProcessMetrics(registry);
  const registers = [registry];
  const requests = new Histogram({
    name: `${prefix}http_request_duration_seconds`,
    help: "From the first byte of a request to the head of its answer; an upload is read by then, a download still to be sent.",
    labelNames: ["method", "route", "status"],
    buckets: requestBuckets,
    registers,
  });
  const calls = new Histogram({
    name: `${prefix}dependency_call_duration_seconds`,
    help: "Calls to the Hub, the object store, the database and the key set, repetitions included; an upload takes as long as its client does.",
    labelNames: ["dependency", "operation", "outcome"],
    buckets: callBuckets,
    registers,
  });
  const running = new Gauge({
    name: `${prefix}dependency_calls_running`,
    help: "Calls under way; each of the database's holds or waits for a connection of the pool.",
    labelNames: ["dependency"],
    registers,
  });
  const build = new Gauge({
    name: `${prefix}build_info`,
    help: "1, for the version in its labels.",
    labelNames: ["version", "runtime"],
    aggregator: "first",
    registers,
  });
  build.set({ version, runtime }, 1);

  return {
    answered({ method, route, status, seconds }) {
      requests.observe({ method: knownMethods.has(method) ? method : "other", route, status }, seconds);
    },
    calling(dependency) {
      running.inc({ dependency });
      return ({ operation, outcome, seconds }) => {
        running.dec({ dependency });
        calls.observe({ dependency, operation, outcome }, seconds);
      };
    },
    logged: createEventCounters(registers),
    watchSubmissions: (stats) => watchSubmissions(stats, [common]),
    watchReleases: (stats) => watchReleases(stats, [common]),
    watchRecord: (stats) => watchRecord(stats, [common]),
    watchUsage: (read) => watchUsage(read, (work) => withinLimit(work), [common]),
    watchSessions: (count) => watchSessions(count, [common]),
    watchPeers: (counts) => watchPeers(counts, [common]),
    report: () => registry.getMetricsAsJSON(),
    async render() {
      const shown = gather === undefined ? registry : await sumUp([registry, common], await gather());
      return { contentType: shown.contentType, text: await shown.metrics() };
    },
  };
}

async function sumUp(own: readonly Registry[], { workers, reports }: Gathered): Promise<Registry> {
  const mine = (await Promise.all(own.map((registry) => registry.getMetricsAsJSON()))).flat();
  const sums: Registry = AggregatorRegistry.aggregate([mine, ...reports]);
  const registers = [sums];
  new Gauge({ name: `${prefix}workers`, help: "Processes that serve together.", registers }).set(workers);
  new Gauge({
    name: `${prefix}workers_reporting`,
    help: "Those of them whose numbers are in this answer; the sums are short of the others.",
    registers,
  }).set(reports.length + 1);
  return sums;
}

function createEventCounters(registers: Registry[]): Metrics["logged"] {
  const audited = new Counter({
    name: `${prefix}audit_events_total`,
    help: "Audit events of the log.",
    labelNames: ["event", "outcome"],
    registers,
  });
  const bytes = new Counter({
    name: `${prefix}file_bytes_total`,
    help: "Bytes of the files that clients sent (in) and fetched (out); of a local file when its sending begins.",
    labelNames: ["kind", "direction"],
    registers,
  });
  const tokens = new Counter({
    name: `${prefix}hub_token_renewals_total`,
    help: "Access tokens got from the Hub, and renewals that failed while the old token still served.",
    labelNames: ["outcome"],
    registers,
  });
  const releases = new Counter({ name: `${prefix}dp_releases_total`, help: "Numbers released with noise.", registers });
  const epsilon = new Counter({ name: `${prefix}dp_epsilon_total`, help: "The sum of their epsilons.", registers });
  const spent = new Counter({
    name: `${prefix}dp_epsilon_spent_total`,
    help: "Epsilons taken from privacy budgets, or counted without one, whatever became of the release.",
    registers,
  });
  const refusals = new Counter({
    name: `${prefix}dp_budget_refusals_total`,
    help: "Releases refused as the privacy budget of their project has too little left.",
    registers,
  });

  return (event, fields) => {
    const renewal = renewals[event];
    if (renewal !== undefined) tokens.inc({ outcome: renewal });
    if (event === "budget.spent") spent.inc(amountOf(fields.epsilon));
    if (event === "budget.refused") refusals.inc();
    if (!audit.has(event)) return;
    const outcome = fields.outcome === "failed" || fields.outcome === "denied" ? fields.outcome : "ok";
    audited.inc(
      { event, outcome },
      event === "access.denied" && fields.count !== undefined ? amountOf(fields.count) : 1,
    );
    if (outcome !== "ok") return;
    const moved = movedBy[event];
    if (moved !== undefined) bytes.inc({ ...moved }, amountOf(fields.bytes));
    if (event !== "dp.released") return;
    releases.inc();
    epsilon.inc(amountOf(fields.epsilon));
  };
}

/** Replaces anything but a non-negative number by 0, because a counter throws for it. */
function amountOf(value: unknown): number {
  return typeof value === "number" && value >= 0 && Number.isFinite(value) ? value : 0;
}

function watchSubmissions(stats: () => Promise<QueueLength>, registers: Registry[]): void {
  const { run: read } = createSingleFlight(() => withinLimit(stats()));
  new Gauge({
    name: `${prefix}submissions_pending`,
    help: "Final results that wait for the Hub.",
    registers,
    async collect() {
      // NaN means unknown. The last known number could hide a problem.
      this.set((await read())?.pending ?? Number.NaN);
    },
  });
  new Gauge({
    name: `${prefix}submissions_oldest_seconds`,
    help: "Age of the oldest final result that waits for the Hub; 0 when none does.",
    registers,
    async collect() {
      this.set((await read())?.oldestSeconds ?? Number.NaN);
    },
  });
  new Gauge({
    name: `${prefix}submissions_standing_aside`,
    help: "Final results that have failed for a day and no longer keep back the later ones of their analysis.",
    registers,
    async collect() {
      this.set((await read())?.standingAside ?? Number.NaN);
    },
  });
}

function watchReleases(stats: () => Promise<HeldFinals>, registers: Registry[]): void {
  const { run: read } = createSingleFlight(() => withinLimit(stats()));
  new Gauge({
    name: `${prefix}releases_held`,
    help: "Final results that wait for an operator's decision.",
    registers,
    async collect() {
      this.set((await read())?.held ?? Number.NaN);
    },
  });
  new Gauge({
    name: `${prefix}releases_oldest_seconds`,
    help: "Age of the oldest final result that waits for an operator's decision; 0 when none does.",
    registers,
    async collect() {
      this.set((await read())?.oldestSeconds ?? Number.NaN);
    },
  });
}

function watchRecord(stats: () => Promise<RecordLength>, registers: Registry[]): void {
  const { run: read } = createSingleFlight(() => withinLimit(stats()));
  new Gauge({
    name: `${prefix}record_rows`,
    help: "Rows of the record.",
    registers,
    async collect() {
      this.set((await read())?.rows ?? Number.NaN);
    },
  });
  new Gauge({
    name: `${prefix}record_unsealed_seconds`,
    help: "Age of the oldest row of the record that has no place in the chain yet; more than 10 means that nobody seals.",
    registers,
    async collect() {
      this.set((await read())?.unsealedSeconds ?? Number.NaN);
    },
  });
}

function watchSessions(count: () => Promise<number>, registers: Registry[]): void {
  new Gauge({
    name: `${prefix}operator_sessions`,
    help: "Operators who are signed in.",
    registers,
    async collect() {
      this.set((await withinLimit(count())) ?? Number.NaN);
    },
  });
}

function watchPeers(counts: () => Promise<PeersByFraming>, registers: Registry[]): void {
  new Gauge({
    name: `${prefix}peers`,
    help: "Other nodes, by the framing of the last file that came from them; none: nothing has come yet.",
    labelNames: ["framing"],
    registers,
    async collect() {
      const counted = await withinLimit(counts());
      for (const framing of ["segmented", "single", "bound", "none"] as const) {
        this.set({ framing }, counted?.[framing] ?? Number.NaN);
      }
    },
  });
}

async function withinLimit<T>(work: Promise<T>): Promise<T | undefined> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), databaseLimitMs);
  });
  const settled = work.catch(() => undefined);
  return Promise.race([settled, late]).finally(() => clearTimeout(timer));
}

/**
 * Omits Node.js metrics for which Bun has no values: they would be zero, and `nodejs_version_info` would show a version
 * that is not this runtime's. Also omits `process_heap_bytes`, the size of the data segment: Bun reserves gigabytes
 * without using them.
 */
function collectProcessMetrics(registry: Registry): void {
  collectDefaultMetrics({ register: registry, eventLoopMonitoringPrecision: 50 });
  for (const { name } of registry.getMetricsAsArray()) {
    const isForeign = name.startsWith("nodejs_") && !name.startsWith("nodejs_eventloop_lag_");
    if (isForeign || name === "process_heap_bytes") registry.removeSingleMetric(name);
  }
}
