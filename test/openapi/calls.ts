import { type Client, formOf, type TestService } from "../support/service.ts";

export interface Call {
  readonly as: Client;
  readonly path: string;
  readonly init: RequestInit;
}

/** What a proper request needs to exist. */
export interface World {
  readonly objectId: string;
  readonly hubFileId: string;
  readonly submissionId: string;
  readonly nodeId: string;
  readonly projectId: string;
}

const file = (content: string) => ["file", new File([content], "result.txt")] as const;
const put = (...parts: readonly (readonly [string, string | File])[]): RequestInit => ({
  method: "PUT",
  body: formOf(...parts),
});

/** A proper request for every operation of the document, by its id. */
export function properCalls(world: World): Readonly<Record<string, () => Call>> {
  const { objectId, hubFileId, submissionId, nodeId, projectId } = world;
  const as = "1";
  return {
    getVersion: () => ({ as, path: "/", init: {} }),
    getHealth: () => ({ as, path: "/healthz", init: {} }),
    getReadiness: () => ({ as, path: "/readyz", init: {} }),
    putLocalResult: () => ({ as, path: "/local", init: put(["tag", "a-tag"], file("local")) }),
    getLocalResult: () => ({ as, path: `/local/${objectId}`, init: {} }),
    getProjectTags: () => ({ as, path: "/local/tags", init: {} }),
    tagObject: () => ({ as, path: `/local/tags?tag_name=a-tag&object_id=${objectId}`, init: { method: "POST" } }),
    getLocalUsage: () => ({ as, path: "/local/usage", init: {} }),
    getTaggedResults: () => ({ as, path: "/local/tags/a-tag", init: {} }),
    deleteLocalResults: () => ({
      as: "adapter",
      path: `/local?project_id=${projectId}`,
      init: { method: "DELETE" },
    }),
    putIntermediateResult: () => ({ as, path: "/intermediate", init: put(file("sent")) }),
    getIntermediateResult: () => ({ as, path: `/intermediate/${hubFileId}`, init: {} }),
    uploadLocalFile: () => ({
      as,
      path: `/local/upload?object_id=${objectId}&remote_node_id=${nodeId}`,
      init: { method: "PUT" },
    }),
    putFinalResult: () => ({
      as,
      path: "/final",
      init: put(["file", new File(["final"], `${crypto.randomUUID()}.txt`)]),
    }),
    putFinalResultWithLocalDP: () => ({
      // An analysis' finals are delivered one after the other, and the other one may be waiting.
      as: "2",
      path: "/final/localdp",
      init: put(["epsilon", "1"], ["sensitivity", "1"], ["file", new File(["118"], `${crypto.randomUUID()}.txt`)]),
    }),
    getPrivacyBudget: () => ({ as, path: "/final/budget", init: {} }),
    getSubmission: () => ({ as, path: `/final/submissions/${submissionId}`, init: {} }),
  };
}

/** Makes what proper requests need, on a service whose Hub works; project and node are those of the seed. */
export async function createWorld(service: TestService): Promise<World> {
  const unknown = { objectId: "", hubFileId: "", submissionId: "" };
  const places = { nodeId: service.peerNodeId, projectId: service.projects[1] };
  const calls = properCalls({ ...unknown, ...places });
  const { object_id: objectId = "" } = await answerTo(service, calls.putLocalResult);
  const { object_id: hubFileId = "" } = await answerTo(service, calls.putIntermediateResult);
  const lift = service.hub.fail({ path: /\/upload$/ }, { kind: "status", status: 503 });
  const { submission_id: submissionId = "" } = await answerTo(service, calls.putFinalResult);
  lift();
  return { objectId, hubFileId, submissionId, ...places };
}

async function answerTo(service: TestService, makeCall: (() => Call) | undefined): Promise<Record<string, string>> {
  if (makeCall === undefined) throw new Error("no such operation");
  const { as, path, init } = makeCall();
  const response = await service.fetch(as, path, init);
  return (await response.json()) as Record<string, string>;
}
