import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { catchAppError } from "./catch-error.ts";
import { GENERATIONS, nodeSignIn, SEED, type ServedHub, serveHub, UNKNOWN_ID } from "./serve-hub.ts";

const { projectA, analysis1, analysis2, nodeA, nodeB } = SEED;

describe.each([...GENERATIONS])("look-ups on a Hub of generation %s", (generation) => {
  let served: ServedHub;
  beforeEach(() => {
    served = serveHub({ generation });
  });
  afterEach(() => served.stop());

  test("an analysis has its project", async () => {
    const hub = served.connect();
    expect(await hub.findProjectId(analysis1.id)).toBe(projectA.id);
    expect(await hub.findProjectId(analysis1.id.toUpperCase())).toBe(projectA.id);
    expect(await hub.findProjectId(UNKNOWN_ID)).toBeUndefined();
  });

  test("whether a project exists is asked anew every time", async () => {
    const hub = served.connect();
    expect(await hub.projectExists(projectA.id)).toBeTrue();
    await served.sandbox.removeProject(projectA.id);
    expect(await hub.projectExists(projectA.id)).toBeFalse();
    expect(served.count(/projects/)).toBe(2);
  });

  test("a bucket is found by analysis and type, and wants a link on a 2025 Hub only", async () => {
    const hub = served.connect();
    for (const type of ["RESULT", "TEMP"] as const) {
      const row = served.sandbox.bucketOf(analysis1.id, type);
      const needsLink = generation === "2025";
      const expected = { bucketId: row.bucketId ?? "", analysisBucketId: row.id, needsLink };
      expect(await hub.findBucket(analysis1.id, type)).toEqual(expected);
    }
    expect(await hub.findBucket(UNKNOWN_ID, "TEMP")).toBeUndefined();
  });

  test("of several buckets the last that has a storage bucket counts, and one without is not remembered", async () => {
    const hub = served.connect();
    const analysisId = served.sandbox.addAnalysis({ projectId: projectA.id, bucketTypes: [] });
    const first = served.sandbox.addBucket(analysisId, "TEMP");
    const storageBucketId = first.bucketId;
    first.bucketId = null;
    expect(await hub.findBucket(analysisId, "TEMP")).toBeUndefined();
    first.bucketId = storageBucketId;
    const second = served.sandbox.addBucket(analysisId, "TEMP");
    served.sandbox.addBucket(analysisId, "TEMP").bucketId = null;
    expect((await hub.findBucket(analysisId, "TEMP"))?.analysisBucketId).toBe(second.id);
  });

  test("a node has its key as the Hub stores it, or none", async () => {
    const hub = served.connect();
    expect(await hub.findNode(nodeB.id)).toEqual({ id: nodeB.id, publicKey: nodeB.publicKey ?? "" });
    served.sandbox.setNodeKey(nodeA.id, null);
    expect(await hub.findNode(nodeA.id)).toEqual({ id: nodeA.id, publicKey: undefined });
    expect(await hub.findNode(UNKNOWN_ID)).toBeUndefined();
  });

  test("a node without a key is asked for again, one with a key is not", async () => {
    const hub = served.connect();
    served.sandbox.setNodeKey(nodeA.id, null);
    await hub.findNode(nodeA.id);
    served.sandbox.setNodeKey(nodeA.id, nodeA.publicKey);
    expect((await hub.findNode(nodeA.id))?.publicKey).toBe(nodeA.publicKey ?? "");
    await hub.findNode(nodeA.id);
    expect(served.count(/nodes/)).toBe(2);
  });

  test("the own node is found by the identity of the sign-in, once", async () => {
    const hub = served.connect({ signIn: nodeSignIn(generation, nodeB) });
    expect(await hub.findOwnNodeId()).toBe(nodeB.id);
    expect(await hub.findOwnNodeId()).toBe(nodeB.id);
    expect(served.count(/nodes/)).toBe(1);
  });

  test("the own node is found beyond the first page, though the Hub ignores the filter", async () => {
    const hub = served.connect();
    const nodes = [...served.sandbox.state.nodes.values()];
    const mine = nodes.filter((node) => node.id === nodeA.id);
    served.sandbox.state.nodes.clear();
    for (let number = 1; number <= 60; number++) served.sandbox.addNode(otherNode(number));
    for (const node of mine) served.sandbox.state.nodes.set(node.id, node);
    expect(await hub.findOwnNodeId()).toBe(nodeA.id);
  });

  test("a user has no node of its own, and nobody is asked", async () => {
    const hub = served.connect({ signIn: { flow: "password", ...SEED.user } });
    expect(await hub.findOwnNodeId()).toBeUndefined();
    expect(served.sandbox.requests).toHaveLength(0);
  });

  test("an id that is no UUID is not found without a request, but no proof that a project is gone", async () => {
    const hub = served.connect();
    for (const id of ["flame", "", "!x", `${analysis1.id},${analysis2.id}`, "../projects"]) {
      expect(await hub.findProjectId(id)).toBeUndefined();
      expect(await hub.findBucket(id, "TEMP")).toBeUndefined();
      expect(await hub.findNode(id)).toBeUndefined();
      expect((await catchAppError(hub.projectExists(id))).code).toBe("invalid_input");
    }
    expect(served.sandbox.requests).toHaveLength(0);
  });
});

function otherNode(number: number) {
  const id = (letter: string) => `${letter}0000000-0000-4000-9000-${String(number).padStart(12, "0")}`;
  const secrets = { clientSecret: "c", robotSecret: "r" };
  return { id: id("c"), name: `node-${number}`, clientId: id("d"), robotId: id("e"), publicKey: null, ...secrets };
}
