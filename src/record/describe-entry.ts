import type { SealedEntry } from "./record-store.ts";

/** A row in the form that is shown, exported and hashed: names in snake_case, missing facts as null. */
export interface DescribedEntry {
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

export function describeEntry(entry: SealedEntry): DescribedEntry {
  return {
    sequence: entry.sequence,
    time: entry.time.toISOString(),
    event: entry.event,
    actor: entry.actor ?? null,
    analysis_id: entry.analysisId ?? null,
    project_id: entry.projectId ?? null,
    object_id: entry.objectId ?? null,
    peer_node_id: entry.peerNodeId ?? null,
    bytes: entry.bytes ?? null,
    sha256: entry.sha256 ?? null,
    request_id: entry.requestId ?? null,
    outcome: entry.outcome,
    hash: entry.hash,
  };
}
