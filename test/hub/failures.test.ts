import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { catchAppError } from "./catch-error.ts";
import { GENERATIONS, SEED, type ServedHub, serveHub } from "./serve-hub.ts";

const { projectA, analysis1 } = SEED;
const CORE = { path: /^\/core/ };

describe.each([...GENERATIONS])("a failing Hub of generation %s", (generation) => {
  let served: ServedHub;
  beforeEach(() => {
    served = serveHub({ generation });
  });
  afterEach(() => served.stop());

  test("a status that is not expected is an error that names it, at once", async () => {
    served.sandbox.fail(CORE, { kind: "status", status: 500, body: { message: "no code" } });
    const error = await catchAppError(served.connect().findProjectId(analysis1.id));
    expect([error.code, error.message]).toEqual(["hub_unexpected", "Hub returned an unexpected response (500)"]);
    expect(error.upstream).toEqual({ status: 500, isForeign: true });
    expect(error.operatorDetail).toContain("/core/analyses/");
    expect(served.count(/core/)).toBe(1);
  });

  test("one bad moment is bridged", async () => {
    for (const status of [429, 502, 503, 504]) {
      served.sandbox.fail(CORE, { kind: "status", status }, 1);
      expect(await served.connect().projectExists(projectA.id)).toBeTrue();
    }
    served.sandbox.fail(CORE, { kind: "drop" }, 1);
    expect(await served.connect().projectExists(projectA.id)).toBeTrue();
  });

  test("a Hub that stays busy is an error that says when to come back", async () => {
    served.sandbox.fail(CORE, { kind: "status", status: 429, headers: { "Retry-After": "120" } });
    const error = await catchAppError(served.connect().findProjectId(analysis1.id));
    expect(error.upstream).toEqual({ status: 429, retryAfterMs: 120_000 });
    expect(served.count(/core/)).toBe(1);
  });

  test("200 with something else than the Hub's JSON is an error, never 'not found'", async () => {
    served.sandbox.fail(CORE, { kind: "garbage" });
    const hub = served.connect();
    for (const ask of [hub.findProjectId, hub.projectExists, hub.findNode]) {
      const error = await catchAppError(ask(analysis1.id));
      expect([error.code, error.upstream?.status]).toEqual(["hub_unexpected", 200]);
    }
    expect((await catchAppError(hub.findBucket(analysis1.id, "TEMP"))).code).toBe("hub_unexpected");
  });

  test("a 404 that is not the Hub's own does not prove that a project is gone", async () => {
    served.sandbox.fail(CORE, { kind: "status", status: 404, body: "404 page not found" }, 1);
    const hub = served.connect();
    expect((await catchAppError(hub.projectExists(projectA.id))).upstream?.status).toBe(404);
    served.sandbox.fail(CORE, { kind: "status", status: 404, body: { message: "no Route matched" } }, 1);
    expect((await catchAppError(hub.projectExists(projectA.id))).upstream?.status).toBe(404);
  });

  test("silence ends with the time limit, and shares it with the sign-in", async () => {
    served.sandbox.fail({ path: /./ }, { kind: "hang" });
    const error = await catchAppError(served.connect({ limitMs: 50 }).findProjectId(analysis1.id));
    expect([error.code, error.message]).toEqual(["hub_timeout", "The Hub did not answer in time"]);
  });

  test("a Hub that is not there cannot be reached", async () => {
    const hub = served.connect();
    await served.stop();
    const error = await catchAppError(hub.findProjectId(analysis1.id));
    expect([error.code, error.message]).toEqual(["hub_unreachable", "The Hub cannot be reached"]);
    expect(error.operatorDetail).toContain("refuses the connection");
  });

  test("a token the Hub no longer accepts is renewed, once for all", async () => {
    const hub = served.connect({ cacheSeconds: 0 });
    await hub.findProjectId(analysis1.id);
    served.sandbox.revokeTokens();
    const answers = await Promise.all([hub.findProjectId(analysis1.id), hub.projectExists(projectA.id)]);
    expect(answers).toEqual([projectA.id, true]);
    expect(served.count(/token/)).toBe(2);
  });

  test("a Hub that accepts no token gets one renewal, not a storm", async () => {
    const rejected = { statusCode: 401, code: "identity_unauthorized", message: "Authentication required." };
    served.sandbox.fail(CORE, { kind: "status", status: 401, body: rejected });
    const error = await catchAppError(served.connect().findProjectId(analysis1.id));
    expect(error.upstream?.status).toBe(401);
    expect([served.count(/core/), served.count(/token/)]).toEqual([2, 2]);
  });
});
