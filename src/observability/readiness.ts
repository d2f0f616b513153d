/** `degraded`: the part failed, but the service works without it. */
export type PartState = "ok" | "failed" | "degraded";

export interface ReadinessReport {
  readonly status: "ready" | "not_ready" | "stopping";
  readonly parts: Readonly<Record<string, PartState>>;
  /** Sentences for operators about things that work but should be changed. */
  readonly warnings: readonly string[];
}

/** Checks whether the service can serve requests now. Never throws. */
export interface Readiness {
  /** The report is at most `cacheMs` old. Simultaneous callers share one check. */
  check(): Promise<ReadinessReport>;
  /** From now on `check` reports `stopping`. */
  stop(): void;
}
