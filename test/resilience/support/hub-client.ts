import type { SandboxHub } from "../../../src/sandbox/hub/hub.ts";
import type { ResilienceWorld } from "./world.ts";

/** An analysis of its own, so that what is broken for it is broken for nobody else. */
export interface HubClient {
  readonly clientId: string;
  readonly projectId: string;
  readonly uploadsTo: Readonly<Record<"RESULT" | "TEMP", RegExp>>;
  /** At the Hub, oldest first. */
  files(type: "RESULT" | "TEMP"): ReturnType<SandboxHub["filesOf"]>;
}

export function createHubClient({ hub }: Pick<ResilienceWorld, "hub">): HubClient {
  const projectId = hub.addProject();
  const clientId = hub.addAnalysis({ projectId });
  const bucketId = (type: "RESULT" | "TEMP") => hub.bucketOf(clientId, type).bucketId ?? "";
  const uploadsTo = (type: "RESULT" | "TEMP") => new RegExp(`/buckets/${bucketId(type)}/upload$`);
  return {
    clientId,
    projectId,
    uploadsTo: { RESULT: uploadsTo("RESULT"), TEMP: uploadsTo("TEMP") },
    files: (type) => hub.filesOf(bucketId(type)),
  };
}
