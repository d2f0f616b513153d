import type { MetricsReport } from "../../observability/metrics.ts";
import type { Settings } from "../../settings/settings.ts";

/** Messages to a worker. They carry the settings, so that a restarted worker uses the same settings as the others. */
export type ToWorker =
  | { readonly kind: "serve"; readonly worker: number; readonly settings: Settings }
  /** Asks for the worker's report. */
  | { readonly kind: "report"; readonly id: number }
  /** The answer to `gather`. */
  | { readonly kind: "gathered"; readonly id: number; readonly reports: readonly MetricsReport[] }
  | { readonly kind: "stop" };

export type FromWorker =
  /** The worker listens on the port, and answers there that it is still starting. */
  | { readonly kind: "starting" }
  /** The worker serves requests. */
  | { readonly kind: "listening" }
  | { readonly kind: "report"; readonly id: number; readonly report: MetricsReport }
  /** The worker asks for the reports of all others. */
  | { readonly kind: "gather"; readonly id: number };

/** A worker, as the process that started it sees it. */
export interface WorkerProcess {
  readonly pid: number;
  /** Does nothing after the worker has ended. */
  send(message: ToWorker): void;
  kill(): void;
  readonly ended: Promise<WorkerEnd>;
}

/** How a worker ended; one of the two is set. */
export interface WorkerEnd {
  readonly code: number | null;
  readonly signal: string | null;
}

/** The process that started a worker, as the worker sees it. */
export interface ParentLine {
  /** Does nothing after the other process has ended. */
  send(message: FromWorker): void;
  /** Takes one listener, which also gets all earlier messages. */
  listen(onMessage: (message: ToWorker) => void): void;
  /** Resolves when the other process has ended for any reason. */
  readonly lost: Promise<void>;
}
