/** `degraded` is what the service goes on working without. */
export type PartState = "ok" | "failed" | "degraded";

export interface ReadinessReport {
  readonly status: "ready" | "not_ready" | "stopping";
  readonly parts: Readonly<Record<string, PartState>>;
  /** Sentences for operators about what works but should not stay so. */
  readonly warnings: readonly string[];
}

/** Whether requests can be served now. Never throws. */
export interface Readiness {
  /** At most `cacheMs` old; those who ask at the same time share one look. */
  check(): Promise<ReadinessReport>;
  /** From now on the answer is `stopping`. */
  stop(): void;
}
