export type HubGeneration = "2025" | "2026-snake" | "2026";
export type SandboxBucketType = "CODE" | "RESULT" | "TEMP";

/** Who signed in: the actor of the files it uploads. */
export interface Identity {
  readonly type: "user" | "client" | "robot";
  readonly id: string;
}

export interface Project {
  readonly id: string;
  name: string;
  readonly createdAt: string;
}

export interface Analysis {
  readonly id: string;
  readonly projectId: string;
  name: string;
  readonly createdAt: string;
}

export interface Node {
  readonly id: string;
  readonly name: string;
  readonly clientId: string;
  clientSecret: string;
  readonly robotId: string;
  robotSecret: string;
  /** Hex of the PEM text. */
  publicKey: string | null;
  readonly createdAt: string;
}

/** The row that ties a storage bucket to an analysis. */
export interface AnalysisBucket {
  readonly id: string;
  readonly type: SandboxBucketType;
  readonly analysisId: string;
  /** Storage bucket; a 2025 Hub sets it a moment after the row appears. */
  bucketId: string | null;
  readonly createdAt: string;
}

export interface StorageBucket {
  readonly id: string;
  readonly name: string;
  readonly createdAt: string;
}

/** Small files stay in memory, others go to disk. */
export type FileContent = Uint8Array | { readonly diskPath: string };

export interface StoredFile {
  readonly id: string;
  readonly bucketId: string;
  /** Base name. */
  readonly name: string;
  /** As sent. */
  readonly path: string;
  readonly size: number;
  /** A storage key, not a content hash. */
  readonly hash: string;
  readonly actor: Identity;
  readonly createdAt: string;
  content: FileContent;
}

/** A file's link to its analysis. */
export interface FileLink {
  readonly id: string;
  readonly name: string;
  readonly bucketFileId: string;
  readonly analysisBucketId: string;
  readonly analysisId: string;
  readonly root: boolean;
  readonly actor: Identity;
  readonly createdAt: string;
}

/** All rows by id, in the order of their creation. Tests may read and change them. */
export interface HubState {
  readonly projects: Map<string, Project>;
  readonly analyses: Map<string, Analysis>;
  readonly nodes: Map<string, Node>;
  readonly analysisBuckets: Map<string, AnalysisBucket>;
  readonly buckets: Map<string, StorageBucket>;
  readonly files: Map<string, StoredFile>;
  readonly links: Map<string, FileLink>;
  /** How many uploads broke off in mid-body or had no final boundary. Each would have crashed a real v0.14 storage. */
  brokenUploads: number;
}

export function createHubState(): HubState {
  return {
    projects: new Map(),
    analyses: new Map(),
    nodes: new Map(),
    analysisBuckets: new Map(),
    buckets: new Map(),
    files: new Map(),
    links: new Map(),
    brokenUploads: 0,
  };
}
