import { posix } from "node:path";
import type { SeedNode } from "../seed.ts";
import type { HubContents } from "./content.ts";
import type {
  Analysis,
  AnalysisBucket,
  FileContent,
  HubState,
  Identity,
  SandboxBucketType,
  StoredFile,
} from "./state.ts";

/** Adds a project. This and the functions below are what happens on a Hub without this service. */
export function addProject(state: HubState, id: string, createdAt: string): void {
  state.projects.set(id, { id, name: `project-${id.slice(-4)}`, createdAt });
}

export function addAnalysis(state: HubState, analysis: Omit<Analysis, "name">): void {
  state.analyses.set(analysis.id, { ...analysis, name: `analysis-${analysis.id.slice(-4)}` });
}

export function addNode(state: HubState, node: SeedNode, createdAt: string): void {
  state.nodes.set(node.id, { ...node, createdAt });
}

export function addBucket(
  state: HubState,
  analysisId: string,
  type: SandboxBucketType,
  createdAt: string,
): AnalysisBucket {
  const bucketId = crypto.randomUUID();
  state.buckets.set(bucketId, {
    id: bucketId,
    name: `analysis-${type.toLowerCase()}-files.${analysisId}`,
    createdAt,
  });
  const bucket: AnalysisBucket = { id: crypto.randomUUID(), type, analysisId, bucketId, createdAt };
  state.analysisBuckets.set(bucket.id, bucket);
  return bucket;
}

/** Removes a project with its analyses, buckets and files; returns the contents that are no longer needed. */
export function removeProject(state: HubState, projectId: string): FileContent[] {
  const orphans: FileContent[] = [];
  state.projects.delete(projectId);
  for (const analysis of state.analyses.values()) {
    if (analysis.projectId !== projectId) continue;
    state.analyses.delete(analysis.id);
    for (const row of state.analysisBuckets.values()) {
      if (row.analysisId !== analysis.id) continue;
      state.analysisBuckets.delete(row.id);
      if (row.bucketId === null) continue;
      state.buckets.delete(row.bucketId);
      for (const file of filesOf(state, row.bucketId)) {
        forgetFile(state, file);
        orphans.push(file.content);
      }
    }
  }
  return orphans;
}

export function filesOf(state: HubState, bucketId: string): StoredFile[] {
  return state.files
    .values()
    .filter((file) => file.bucketId === bucketId)
    .toArray();
}

export function addFile(
  state: HubState,
  file: Pick<StoredFile, "bucketId" | "path" | "content" | "size" | "actor" | "createdAt">,
): StoredFile {
  const hash = crypto.randomUUID().replaceAll("-", "").repeat(2);
  const stored: StoredFile = { ...file, id: crypto.randomUUID(), name: posix.basename(file.path), hash };
  state.files.set(stored.id, stored);
  return stored;
}

/**
 * Links a file to its analysis, as the Hub does by itself since 2026. Does nothing if the bucket belongs to no
 * analysis.
 */
export function linkFile(state: HubState, file: StoredFile): void {
  const bucket = state.analysisBuckets.values().find((row) => row.bucketId === file.bucketId);
  if (bucket === undefined) return;
  const id = crypto.randomUUID();
  const { name, actor, createdAt } = file;
  const { id: analysisBucketId, analysisId } = bucket;
  state.links.set(id, {
    id,
    name,
    bucketFileId: file.id,
    analysisBucketId,
    analysisId,
    root: false,
    actor,
    createdAt,
  });
}

export async function removeFile(state: HubState, contents: HubContents, file: StoredFile): Promise<void> {
  forgetFile(state, file);
  await contents.remove(file.content);
}

function forgetFile(state: HubState, file: StoredFile): void {
  state.files.delete(file.id);
  for (const link of state.links.values()) if (link.bucketFileId === file.id) state.links.delete(link.id);
}

/** Whether this identity may remove the file: its uploader may, and so may the user, who owns the bucket. */
export function mayRemoveFile(identity: Identity, file: StoredFile): boolean {
  return identity.type === "user" || (identity.type === file.actor.type && identity.id === file.actor.id);
}
