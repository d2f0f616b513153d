import type { PartState, ReadinessReport } from "../observability/readiness.ts";
import type { RecordStats } from "../record/record-store.ts";
import type { Period } from "./traffic-counter.ts";

export interface ShownSetting {
  readonly name: string;
  /** Masked if the setting is a secret. */
  readonly value: string;
  readonly isSecret: boolean;
}

/** The data of the overview, the operators' first page. */
export interface Overview {
  readonly version: string;
  readonly now: Date;
  readonly startedAt: Date;
  readonly status: PartState;
  readonly readiness: ReadinessReport;
  readonly queue: {
    readonly pending: number;
    readonly oldestSeconds: number;
    readonly standingAside: number;
    readonly rejected: number;
  };
  readonly record: RecordStats & { readonly isEnabled: boolean };
  readonly sessions: number;
  readonly traffic: { readonly byHour: readonly Period[]; readonly byDay: readonly Period[] };
  readonly settings: readonly ShownSetting[];
}

/** The worst state of all parts. */
export function overallState({ parts }: ReadinessReport): PartState {
  const states = Object.values(parts);
  if (states.includes("failed")) return "failed";
  return states.includes("degraded") ? "degraded" : "ok";
}
