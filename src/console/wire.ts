/**
 * Response types of the routes under `/operator`. They have the OpenAPI document's names; a test compares the two.
 */

export interface Overview {
  readonly version: string;
  readonly now: string;
  readonly started_at: string;
  readonly readiness: {
    readonly status: State;
    readonly parts: readonly { readonly name: string; readonly status: State }[];
    readonly warnings: readonly string[];
  };
  readonly queue: {
    readonly pending: number;
    readonly oldest_seconds: number;
    readonly standing_aside: number;
    readonly rejected: number;
  };
  readonly record: {
    readonly enabled: boolean;
    readonly rows: number;
    readonly unsealed: number;
    readonly unsealed_seconds: number;
    readonly head: Head | null;
  };
  readonly sessions: number;
  readonly traffic: { readonly by_hour: readonly TrafficPeriod[]; readonly by_day: readonly TrafficPeriod[] };
  readonly settings: readonly Setting[];
}

export type State = "ok" | "degraded" | "failed";

export interface Head {
  readonly sequence: number;
  readonly hash: string;
}

export interface Setting {
  readonly name: string;
  readonly value: string;
  readonly is_secret: boolean;
}

export interface Volume {
  readonly files: number;
  readonly bytes: number;
}

export interface TrafficPeriod {
  readonly start: string;
  readonly in: Volume;
  readonly out: Volume;
  readonly stored: Volume;
}

export interface OperatorSession {
  readonly name: string;
  readonly kind: "console" | "oidc" | "token";
  readonly expires_at: string | null;
}

export interface OperatorSignInOptions {
  readonly oidc: boolean;
}

/** The response of every list. */
export interface List<T> {
  readonly items: readonly T[];
  readonly next_cursor: string | null;
  readonly total: number;
}

export interface QueuedSubmission {
  readonly submission_id: string;
  readonly status: string;
  readonly analysis_id: string;
  readonly project_id: string | null;
  readonly bytes: number;
  readonly sha256: string;
  readonly attempts: number;
  readonly last_error: string | null;
  readonly stands_aside: boolean;
  readonly submitted_at: string;
  readonly next_attempt_at: string;
  readonly delivered_at: string | null;
}

export interface RecordRow {
  readonly sequence: number;
  readonly time: string;
  readonly event: string;
  readonly actor: string | null;
  readonly analysis_id: string | null;
  readonly project_id: string | null;
  readonly object_id: string | null;
  readonly peer_node_id: string | null;
  readonly bytes: number | null;
  readonly sha256: string | null;
  readonly request_id: string | null;
  readonly outcome: string;
  readonly hash: string;
}

export interface RecordVerification {
  readonly intact: boolean;
  readonly rows: number;
  readonly first_sequence: number | null;
  readonly head: Head | null;
  readonly broken: { readonly sequence: number; readonly reason: string } | null;
}
