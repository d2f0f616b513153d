import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { createCachedLookup } from "../../src/hub/cached-lookup.ts";
import { SEED, type ServedHub, serveHub, UNKNOWN_ID } from "./serve-hub.ts";

const { projectA, analysis1, nodeA } = SEED;

describe("what the Hub said once", () => {
  let served: ServedHub;
  let nowMs = 1_000_000;
  beforeEach(() => {
    served = serveHub({ generation: "2026" });
  });
  afterEach(() => served.stop());

  test("about projects and buckets holds for the time set, and nodes for a minute at most", async () => {
    const hub = served.connect({ cacheSeconds: 300, now: () => nowMs });
    const ask = async () => {
      await hub.findProjectId(analysis1.id);
      await hub.findBucket(analysis1.id, "TEMP");
      await hub.findBucket(analysis1.id, "RESULT");
      await hub.findNode(nodeA.id);
      return [served.count(/analyses/), served.count(/analysis-buckets/), served.count(/nodes/)];
    };
    expect(await ask()).toEqual([1, 2, 1]);
    expect(await ask()).toEqual([1, 2, 1]);
    nowMs += 61_000;
    expect(await ask()).toEqual([1, 2, 2]);
    nowMs += 240_000;
    expect(await ask()).toEqual([2, 4, 3]);
  });

  test("is not kept with 0 seconds", async () => {
    const hub = served.connect({ cacheSeconds: 0 });
    for (let round = 0; round < 2; round++) {
      await hub.findProjectId(analysis1.id);
      await hub.findNode(nodeA.id);
    }
    expect([served.count(/analyses/), served.count(/nodes/)]).toEqual([2, 2]);
  });

  test("is asked for once by all who ask at the same time, the token too", async () => {
    const hub = served.connect();
    const answers = await Promise.all(Array.from({ length: 20 }, () => hub.findProjectId(analysis1.id)));
    expect(new Set(answers)).toEqual(new Set([projectA.id]));
    expect([served.count(/analyses/), served.count(/token/)]).toEqual([1, 1]);
  });

  test("counts only when something was found", async () => {
    const hub = served.connect();
    expect(await hub.findProjectId(UNKNOWN_ID)).toBeUndefined();
    served.sandbox.addAnalysis({ id: UNKNOWN_ID, projectId: projectA.id });
    expect(await hub.findProjectId(UNKNOWN_ID)).toBe(projectA.id);
  });
});

test("what is forgotten is looked for again, and what was on its way by then is not kept", async () => {
  const gates: PromiseWithResolvers<string>[] = [];
  const find = createCachedLookup<string>({
    find() {
      const gate = Promise.withResolvers<string>();
      gates.push(gate);
      return gate.promise;
    },
    maxAgeMs: 60_000,
    now: Date.now,
  });
  const [kept, other, onItsWay] = [find("kept"), find("other"), find("on its way")];
  gates[0]?.resolve("removed");
  gates[1]?.resolve("stays");
  await Promise.all([kept, other]);
  find.forget("removed");
  gates[2]?.resolve("removed");
  expect(await onItsWay).toBe("removed");
  for (const key of ["kept", "other", "on its way"]) void find(key);
  expect(gates).toHaveLength(5);
});

test("a failed look-up is not kept, and fails all who shared it", async () => {
  let calls = 0;
  const find = createCachedLookup<string>({
    async find(key) {
      calls++;
      if (calls === 1) throw new Error("away");
      return `found ${key}`;
    },
    maxAgeMs: 1000,
    now: Date.now,
  });
  const both = await Promise.allSettled([find("x"), find("x")]);
  expect(both.map(({ status }) => status)).toEqual(["rejected", "rejected"]);
  expect([await find("x"), calls]).toEqual(["found x", 2]);
});
