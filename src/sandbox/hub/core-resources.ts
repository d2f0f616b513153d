import { defineResource, REALM_ID, type Resource, USER_ID } from "./resources.ts";
import type { Analysis, AnalysisBucket, FileLink, HubGeneration, Node, Project } from "./state.ts";

/** The resources of the core service, by path segment. */
export function coreResources(generation: HubGeneration): Readonly<Record<string, Resource>> {
  const in2025 = generation === "2025";
  return {
    projects: projects(in2025),
    analyses: analyses(in2025),
    nodes: nodes(in2025),
    "analysis-buckets": analysisBuckets(in2025),
    "analysis-bucket-files": fileLinks(in2025),
  };
}

const BY_TIME = ["updatedAt", "createdAt"];

function projects(in2025: boolean): Resource {
  return defineResource<Project>({
    name: "project",
    title: "project",
    filters: ["id", "name", "realmId"],
    sorts: ["name", ...BY_TIME],
    relations: ["masterImage"],
    entities: (state) => state.projects,
    columns: {
      id: (project) => project.id,
      name: (project) => project.name,
      ...(in2025 ? {} : { displayName: null, clientId: null }),
      description: null,
      analyses: 0,
      nodes: 0,
      createdAt: (project) => project.createdAt,
      updatedAt: (project) => project.createdAt,
      realmId: REALM_ID,
      userId: USER_ID,
      robotId: null,
      masterImageId: null,
    },
  });
}

const ANALYSIS_SINCE_2026 = {
  displayName: null,
  nodesApproved: 0,
  distributionStatus: null,
  distributionProgress: null,
  buildNodesValid: false,
  buildProgress: null,
  buildHash: null,
  buildOs: null,
  buildSize: null,
  executionStatus: null,
  executionProgress: null,
  imageCommandArguments: null,
  clientId: "00000000-0000-4000-8000-0000000000cc",
};

function analyses(in2025: boolean): Resource {
  return defineResource<Analysis>({
    name: "analysis",
    title: "analysis",
    filters: ["id", "name", "projectId", "realmId"],
    sorts: ["name", ...BY_TIME],
    relations: ["project", "masterImage"],
    entities: (state) => state.analyses,
    columns: {
      id: (analysis) => analysis.id,
      name: (analysis) => analysis.name,
      description: null,
      nodes: 0,
      configurationLocked: false,
      configurationEntrypointValid: false,
      configurationImageValid: false,
      configurationNodeAggregatorValid: false,
      configurationNodeDefaultValid: false,
      configurationNodesValid: false,
      buildStatus: null,
      ...(in2025 ? { runStatus: null } : ANALYSIS_SINCE_2026),
      createdAt: (analysis) => analysis.createdAt,
      updatedAt: (analysis) => analysis.createdAt,
      registryId: null,
      realmId: REALM_ID,
      userId: USER_ID,
      projectId: (analysis) => analysis.projectId,
      masterImageId: null,
    },
  });
}

function nodes(in2025: boolean): Resource {
  return defineResource<Node>({
    name: "node",
    title: "node",
    filters: ["id", "name", "online", "hidden", ...(in2025 ? [] : ["clientId"]), "realmId", "robotId"],
    sorts: ["name", ...BY_TIME],
    relations: ["registryProject", "registry"],
    entities: (state) => state.nodes,
    columns: {
      id: (node) => node.id,
      externalName: (node) => node.name.replaceAll("-", ""),
      publicKey: (node) => node.publicKey,
      name: (node) => node.name,
      hidden: false,
      type: "default",
      online: false,
      registryId: null,
      registryProjectId: null,
      ...(in2025
        ? { robotId: (node: Node) => node.robotId }
        : { clientId: (node: Node) => node.clientId, robotId: null }),
      realmId: REALM_ID,
      createdAt: (node) => node.createdAt,
      updatedAt: (node) => node.createdAt,
    },
  });
}

function analysisBuckets(in2025: boolean): Resource {
  return defineResource<AnalysisBucket>({
    name: "analysisBucket",
    title: "analysis-bucket",
    filters: ["analysisId", "type"],
    sorts: ["type", ...BY_TIME],
    relations: ["analysis"],
    entities: (state) => state.analysisBuckets,
    columns: {
      id: (bucket) => bucket.id,
      type: (bucket) => bucket.type,
      [in2025 ? "externalId" : "bucketId"]: (bucket: AnalysisBucket) => bucket.bucketId,
      analysisId: (bucket) => bucket.analysisId,
      realmId: REALM_ID,
      createdAt: (bucket) => bucket.createdAt,
      updatedAt: (bucket) => bucket.createdAt,
    },
  });
}

function fileLinks(in2025: boolean): Resource {
  const [fileKey, rowKey] = in2025 ? ["externalId", "bucketId"] : ["bucketFileId", "analysisBucketId"];
  return defineResource<FileLink>({
    name: "analysisBucketFile",
    title: "analysis-bucket-file",
    filters: ["id", "name", "root", "analysisId", fileKey, rowKey],
    sorts: ["name", ...BY_TIME],
    relations: ["analysis", "bucket"],
    entities: (state) => state.links,
    columns: {
      id: (link) => link.id,
      name: (link) => link.name,
      root: (link) => link.root,
      [fileKey]: (link: FileLink) => link.bucketFileId,
      [rowKey]: (link: FileLink) => link.analysisBucketId,
      analysisId: (link) => link.analysisId,
      robotId: (link) => (link.actor.type === "robot" ? link.actor.id : null),
      userId: (link) => (link.actor.type === "user" ? link.actor.id : null),
      ...(in2025 ? {} : { clientId: (link: FileLink) => (link.actor.type === "client" ? link.actor.id : null) }),
      realmId: REALM_ID,
      createdAt: (link) => link.createdAt,
      updatedAt: (link) => link.createdAt,
    },
  });
}
