/** Response types of the routes for releases, budgets, usage and peers; see `wire.ts`. */
import type { List } from "./wire.ts";

export interface ReleaseDecision {
  readonly submission_id: string;
  readonly analysis_id: string;
  readonly name: string;
  readonly bytes: number;
  readonly sha256: string;
  readonly decision: string;
  readonly by: string;
  readonly reason: string | null;
  readonly at: string;
}

export interface Release {
  readonly submission_id: string;
  readonly status: string;
  /** Null until the operators have decided. */
  readonly decision: string | null;
  readonly analysis_id: string;
  readonly project_id: string | null;
  readonly name: string;
  readonly content_type: string;
  readonly bytes: number;
  readonly sha256: string;
  readonly submitted_at: string;
  readonly delivered_at: string | null;
  readonly last_error: string | null;
  readonly approvals_needed: number;
  readonly decisions: readonly ReleaseDecision[];
}

export interface Finding {
  readonly code: string;
  readonly message: string;
  readonly count: number | null;
  readonly places: readonly Place[];
}

export interface Place {
  readonly row: number | null;
  readonly column: string | null;
  readonly path: string | null;
  readonly value: string | null;
}

export interface ReleasePreview {
  readonly type: "table" | "text" | "picture" | "none";
  readonly header: readonly string[];
  readonly rows: readonly (readonly string[])[];
  /** Pairs of row and column, counted from 0. */
  readonly small_cells: readonly (readonly number[])[];
  readonly text: string | null;
  readonly is_cut: boolean;
}

export interface ReleaseDetails extends Release {
  readonly kind: string;
  readonly media_type: string | null;
  readonly rows: number | null;
  readonly columns: number | null;
  readonly findings: readonly Finding[];
  readonly note: string;
  readonly preview: ReleasePreview;
  readonly earlier_decisions: readonly ReleaseDecision[];
  readonly same_name: ReleaseDecision | null;
}

export interface ProjectBudget {
  readonly project_id: string;
  /** Budgets are exact decimals, as text. */
  readonly epsilon_budget: string | null;
  readonly epsilon_spent: string;
  readonly epsilon_left: string | null;
  readonly releases: number;
  readonly is_own: boolean;
  readonly last_release_at: string | null;
  readonly changed_at: string | null;
  readonly changed_by: string | null;
  readonly reason: string | null;
}

export interface ProjectBudgetDetail extends ProjectBudget {
  readonly by_day: readonly SpentDay[];
}

export interface SpentDay {
  readonly start: string;
  readonly releases: number;
  readonly epsilon: string;
}

export interface ProjectUsage {
  readonly project_id: string;
  readonly bytes: number;
  readonly objects: number;
  readonly quota_bytes: number | null;
  readonly expiring: {
    readonly bytes: number;
    readonly objects: number;
    readonly due_bytes: number;
    readonly due_objects: number;
  } | null;
}

export interface Usage extends List<ProjectUsage> {
  readonly node: {
    readonly bytes: number;
    readonly objects: number;
    readonly projects: number;
    readonly reserved_bytes: number;
    readonly waiting_bytes: number;
    readonly quota_bytes: number | null;
  };
  readonly days: readonly { readonly day: string; readonly bytes: number; readonly objects: number }[];
  readonly listing: { readonly objects: number } | null;
}

export interface ExpiringResult {
  readonly project_id: string;
  readonly object_id: string;
  readonly bytes: number;
  readonly stored_at: string;
  readonly tags: readonly string[];
  readonly goes_at: string;
}

export interface RetentionPreview extends List<ExpiringResult> {
  readonly rules: {
    readonly untagged_days: number;
    readonly tagged_days: number;
    readonly tags: readonly { readonly pattern: string; readonly days: number }[];
  };
  readonly preview_until: string | null;
  readonly due: { readonly bytes: number; readonly objects: number };
}

export interface Peer {
  readonly node_id: string;
  readonly key_sha256: string;
  readonly waiting_key_sha256: string | null;
  readonly framing: string | null;
  readonly bound_since: string | null;
  readonly first_seen_at: string;
  readonly last_seen_at: string;
}
