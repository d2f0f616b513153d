import { AppError } from "../errors.ts";
import { isUuid } from "../uuid.ts";
import { createCachedLookup } from "./cached-lookup.ts";
import type { CoreReader } from "./core-reader.ts";
import type { BucketType, HubBucket, HubDirectory, HubNode } from "./hub.ts";
import type { SignIn } from "./sign-in.ts";
import { readBucket, readClientId, readId, readNode, readProjectId, readRobotId } from "./wire.ts";

export interface HubDirectoryOptions {
  readonly core: CoreReader;
  readonly signIn: SignIn;
  readonly cacheSeconds: number;
  readonly now: () => number;
}

const NODE_MAX_AGE_MS = 60_000;

export function createHubDirectory(options: HubDirectoryOptions): HubDirectory {
  const projects = createProjectLookup(options);
  const buckets = { RESULT: createBucketLookup(options, "RESULT"), TEMP: createBucketLookup(options, "TEMP") };
  const nodes = createNodeLookup(options);
  const ownNodes = createOwnNodeLookup(options);
  const { core, signIn } = options;
  return {
    async findProjectId(analysisId) {
      return isUuid(analysisId) ? projects(analysisId.toLowerCase()) : undefined;
    },
    forgetProject: projects.forget,
    async projectExists(projectId) {
      // Throws instead of resolving with `false`: the caller deletes what belongs to a missing project.
      if (!isUuid(projectId)) throw new AppError("invalid_input", "The project ID is not a UUID");
      return (await core.findRecord("projects", projectId.toLowerCase())) !== undefined;
    },
    async findBucket(analysisId, type) {
      return isUuid(analysisId) ? buckets[type](analysisId.toLowerCase()) : undefined;
    },
    async findNode(nodeId) {
      return isUuid(nodeId) ? nodes(nodeId.toLowerCase()) : undefined;
    },
    async findOwnNodeId() {
      return signIn.flow !== "password" && isUuid(signIn.id) ? ownNodes(signIn.id.toLowerCase()) : undefined;
    },
  };
}

function createProjectLookup({ core, cacheSeconds, now }: HubDirectoryOptions) {
  async function find(analysisId: string): Promise<string | undefined> {
    const analysis = await core.findRecord("analyses", analysisId);
    if (analysis === undefined) return undefined;
    const projectId = readProjectId(analysis);
    if (projectId !== undefined) return projectId;
    throw new AppError("hub_unexpected", "Hub returned an unexpected response (200)", {
      upstream: { status: 200 },
      operatorDetail: `the analysis ${analysisId} has no project`,
    });
  }
  return createCachedLookup({ find, maxAgeMs: cacheSeconds * 1000, now });
}

function createBucketLookup({ core, cacheSeconds, now }: HubDirectoryOptions, type: BucketType) {
  function find(analysisId: string): Promise<HubBucket | undefined> {
    const filters = [
      ["analysis_id", analysisId],
      ["type", type],
    ] as const;
    return core.findLast("analysis-buckets", filters, (row) => readBucket(row, analysisId, type));
  }
  return createCachedLookup({ find, maxAgeMs: cacheSeconds * 1000, now });
}

function createNodeLookup({ core, cacheSeconds, now }: HubDirectoryOptions) {
  async function find(nodeId: string): Promise<HubNode | undefined> {
    const record = await core.findRecord("nodes", nodeId);
    return record === undefined ? undefined : readNode(record);
  }
  // A node without a key is not cached, so that a client that waits for the key need not wait longer than necessary.
  const keep = (node: HubNode) => node.publicKey !== undefined;
  return createCachedLookup({ find, keep, maxAgeMs: Math.min(cacheSeconds * 1000, NODE_MAX_AGE_MS), now });
}

/** Finds the node that signs in with an id: a robot's or a client's. */
function createOwnNodeLookup({ core, signIn, now }: HubDirectoryOptions) {
  const [filterKey, read] =
    signIn.flow === "robot" ? (["robot_id", readRobotId] as const) : (["client_id", readClientId] as const);
  function find(signInId: string): Promise<string | undefined> {
    return core.findLast("nodes", [[filterKey, signInId]], (row) => (read(row) === signInId ? readId(row) : undefined));
  }
  return createCachedLookup({ find, maxAgeMs: Number.MAX_SAFE_INTEGER, now });
}
