import type { MetricsReport } from "../../observability/metrics.ts";
import type { ToWorker } from "./ipc.ts";

/** Collects the metrics reports of workers. */
export interface ReportCollector {
  /** Asks the workers. Leaves out those that do not answer in time. */
  from(workers: readonly { send(message: ToWorker): void }[]): Promise<MetricsReport[]>;
  /** Takes in a worker's report. */
  received(id: number, report: MetricsReport): void;
}

export function createReportCollector(limitMs = 1_000): ReportCollector {
  const awaited = new Map<number, (report: MetricsReport | undefined) => void>();
  let lastId = 0;

  async function ask(worker: { send(message: ToWorker): void }): Promise<MetricsReport | undefined> {
    const id = ++lastId;
    const { promise, resolve } = Promise.withResolvers<MetricsReport | undefined>();
    awaited.set(id, resolve);
    const timer = setTimeout(() => resolve(undefined), limitMs);
    worker.send({ kind: "report", id });
    const report = await promise;
    clearTimeout(timer);
    awaited.delete(id);
    return report;
  }

  return {
    from: async (workers) => (await Promise.all(workers.map(ask))).filter((report) => report !== undefined),
    received: (id, report) => awaited.get(id)?.(report),
  };
}
