import type { MetricsReport } from "../../observability/metrics.ts";
import type { Settings } from "../../settings/settings.ts";

/** What a worker is told. Settings come this way, so that one that is started again serves on the same as the others. */
export type ToWorker =
  | { readonly kind: "serve"; readonly worker: number; readonly settings: Settings }
  /** Wants its report. */
  | { readonly kind: "report"; readonly id: number }
  /** The answer to `gather`. */
  | { readonly kind: "gathered"; readonly id: number; readonly reports: readonly MetricsReport[] }
  | { readonly kind: "stop" };

export type FromWorker =
  /** Has the port, and tells there that it is starting. */
  | { readonly kind: "starting" }
  /** Serves. */
  | { readonly kind: "listening" }
  | { readonly kind: "report"; readonly id: number; readonly report: MetricsReport }
  /** Wants the reports of all others. */
  | { readonly kind: "gather"; readonly id: number };

/** A worker, for the process that started it. */
export interface WorkerProcess {
  readonly pid: number;
  /** Does nothing once it has ended. */
  send(message: ToWorker): void;
  kill(): void;
  readonly ended: Promise<WorkerEnd>;
}

/** One of the two is set. */
export interface WorkerEnd {
  readonly code: number | null;
  readonly signal: string | null;
}

/** The process that started a worker, for the worker. */
export interface ParentLine {
  /** Does nothing once the other end is gone. */
  send(message: FromWorker): void;
  /** For one listener; nothing is lost before. */
  listen(onMessage: (message: ToWorker) => void): void;
  /** Resolves when the other process has ended, however that came. */
  readonly lost: Promise<void>;
}
