import type { SeedNode } from "../seed.ts";
import { addAnalysis, addBucket, addNode, addProject, filesOf, removeProject } from "./changes.ts";
import { type HubContents, streamOf } from "./content.ts";
import type { AnalysisBucket, FileContent, HubState, SandboxBucketType, StoredFile } from "./state.ts";

/** Changes and reads the Hub's state without a request. */
export interface HubControls {
  addProject(project?: { readonly id?: string }): string;
  /** Also makes its buckets: RESULT, TEMP and CODE by default. */
  addAnalysis(analysis: {
    readonly id?: string;
    readonly projectId: string;
    readonly bucketTypes?: readonly SandboxBucketType[];
  }): string;
  /** Adds a bucket, also a second one of a type. */
  addBucket(analysisId: string, type: SandboxBucketType): AnalysisBucket;
  /** The newest bucket of a type; throws when there is none. */
  bucketOf(analysisId: string, type: SandboxBucketType): AnalysisBucket;
  /** Removes its analyses, buckets and files too. */
  removeProject(projectId: string): Promise<void>;
  addNode(node: SeedNode): void;
  setNodeKey(nodeId: string, publicKey: string | null): void;
  /** Files of a storage bucket, oldest first. */
  filesOf(bucketId: string): StoredFile[];
  /** For small files. */
  readFile(fileId: string): Promise<Uint8Array>;
  /** SHA-256 of a file's bytes in hex, for files of any size. */
  sha256Of(fileId: string): Promise<string>;
}

const ALL_TYPES: readonly SandboxBucketType[] = ["RESULT", "TEMP", "CODE"];

export function createHubControls(state: HubState, contents: HubContents, timestamp: () => string): HubControls {
  function contentOf(fileId: string): FileContent {
    const file = state.files.get(fileId);
    if (file === undefined) throw new Error(`no file ${fileId}`);
    return file.content;
  }

  return {
    addProject({ id = crypto.randomUUID() } = {}) {
      addProject(state, id, timestamp());
      return id;
    },
    addAnalysis({ id = crypto.randomUUID(), projectId, bucketTypes = ALL_TYPES }) {
      addAnalysis(state, { id, projectId, createdAt: timestamp() });
      for (const type of bucketTypes) addBucket(state, id, type, timestamp());
      return id;
    },
    addBucket: (analysisId, type) => addBucket(state, analysisId, type, timestamp()),
    bucketOf(analysisId, type) {
      const rows = [...state.analysisBuckets.values()];
      const found = rows.findLast((row) => row.analysisId === analysisId && row.type === type);
      if (found === undefined) throw new Error(`analysis ${analysisId} has no ${type} bucket`);
      return found;
    },
    removeProject: async (projectId) => {
      await Promise.all(removeProject(state, projectId).map(contents.remove));
    },
    addNode: (node) => addNode(state, node, timestamp()),
    setNodeKey(nodeId, publicKey) {
      const node = state.nodes.get(nodeId);
      if (node === undefined) throw new Error(`no node ${nodeId}`);
      node.publicKey = publicKey;
    },
    filesOf: (bucketId) => filesOf(state, bucketId),
    readFile: async (fileId) => new Uint8Array(await new Response(streamOf(contentOf(fileId))).arrayBuffer()),
    async sha256Of(fileId) {
      const hasher = new Bun.CryptoHasher("sha256");
      for await (const chunk of streamOf(contentOf(fileId))) hasher.update(chunk);
      return hasher.digest("hex");
    },
  };
}
