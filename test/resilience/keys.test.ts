import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { eventually } from "../support/eventually.ts";
import { createFakeClock, type FakeClock, fakeClockInstalled } from "./support/fake-clock.ts";
import { allMisbehaviours, type KeyServer, startKeyServer } from "./support/key-server.ts";
import { type Load, startLoad } from "./support/load.ts";
import { createHttpPoller, type HttpPoller } from "./support/poller.ts";
import { verifyAfter } from "./support/verify.ts";
import { type ResilienceWorld, startResilienceWorld } from "./support/world.ts";

const limitMs = 120_000;
/** A little more than the times that are promised. */
const coolDownMs = 31_000;
const retryMs = 5_500;
const ageMs = 601_000;

describe.skipIf(!fakeClockInstalled())("the provider of token keys", () => {
  let clock: FakeClock;
  let keys: KeyServer;
  let world: ResilienceWorld;
  let poller: HttpPoller;
  let passedMs = 0;

  beforeAll(async () => {
    clock = createFakeClock("passing");
    keys = await startKeyServer();
    const env = { ...clock.env, OIDC__CERTS_URL: `http://127.0.0.1:${keys.port}/certs` };
    world = await startResilienceWorld({ storage: "embedded", env, name: "token keys" });
    poller = createHttpPoller(world, keys.token);
  }, limitMs);
  afterAll(async () => {
    await world?.stop();
    await keys?.stop();
    clock?.remove();
  });

  function pass(ms: number) {
    passedMs += ms;
    clock.set(passedMs);
  }
  async function restart() {
    await world.service.stop("SIGTERM");
    passedMs = 0;
    clock.set(0);
    await world.startService();
  }
  const analysis = "20000000-0000-4000-8000-000000000001";
  const statusWith = async (token: string) => (await poller.ask(token, "/local/tags")).status;
  const flood = (tokens: readonly string[]) => Promise.all(tokens.map(statusWith));
  const readyStatus = async () => (await fetch(`${world.url}/readyz`, { keepalive: false })).status;

  test.each(allMisbehaviours)(
    "answers with %s at the start: nobody gets in, and five seconds later all is well",
    async (kind) => {
      keys.misbehaviour = kind;
      await restart();
      world.figures.faults += 1;
      const token = await keys.token(analysis);
      const asked = flood(Array(10).fill(token));
      if (kind.startsWith("no ")) {
        await eventually(() => expect(keys.fetches).toBeGreaterThan(0));
        await Bun.sleep(200);
        pass(retryMs);
      }
      expect(await asked).toEqual(Array(10).fill(502));
      expect(await statusWith("nonsense")).toBe(403);
      const fetchesBefore = keys.fetches;
      expect(await statusWith(token)).toBe(502);
      expect(keys.fetches).toBe(fetchesBefore);
      expect(await readyStatus()).toBe(503);
      keys.misbehaviour = undefined;
      pass(retryMs);
      expect(await statusWith(token)).toBe(200);
      await eventually(async () => expect(await readyStatus()).toBe(200));
      expect(await world.service.output()).not.toContain('"event":"http.crashed"');
    },
    limitMs,
  );

  test.each(allMisbehaviours)(
    "answers with %s later: the keys it gave before go on serving, and new ones are found after it",
    async (kind) => {
      const old = await keys.token(analysis);
      expect(await statusWith(old)).toBe(200);
      keys.misbehaviour = kind;
      world.figures.faults += 1;
      // Because they are ten minutes old.
      pass(ageMs);
      const before = keys.fetches;
      const asked = flood(Array(10).fill(old));
      if (kind.startsWith("no ")) {
        await eventually(() => expect(keys.fetches).toBeGreaterThan(before));
        await Bun.sleep(200);
        pass(retryMs);
      }
      expect(await asked).toEqual(Array(10).fill(200));
      expect(await readyStatus()).toBe(200);
      // And because of a key that is not among them.
      await keys.rotate();
      const fresh = await keys.token(analysis);
      keys.misbehaviour = undefined;
      pass(retryMs);
      expect(await statusWith(fresh)).toBe(200);
      expect(await statusWith(old)).toBe(200);
    },
    limitMs,
  );

  test(
    "is asked once in 30 seconds for keys it does not have, however many ask for them",
    async () => {
      await restart();
      const good = await keys.token(analysis);
      expect(await statusWith(good)).toBe(200);
      const foreign = await startKeyServer();
      const tokens = await Promise.all(Array.from({ length: 50 }, () => foreign.token(analysis)));
      for (let round = 0; round < 3; round++) {
        const before = keys.fetches;
        // Within the cool-down of the fetch before, nobody is asked at all.
        expect(await flood(tokens)).toEqual(Array(50).fill(403));
        expect(keys.fetches).toBe(before);
        pass(coolDownMs);
        expect(await flood([...tokens, good])).toEqual([...Array(50).fill(403), 200]);
        expect(keys.fetches).toBe(before + 1);
      }
      await foreign.stop();
    },
    limitMs,
  );

  test(
    "is away in every way under load, and then changes its key: all go on, with old tokens and then with new ones",
    async () => {
      await restart();
      expect(await statusWith(await keys.token(analysis))).toBe(200);
      keys.misbehaviour = "an error";
      pass(ageMs);
      const load = startLoad(world, { seed: 31, token: keys.token });
      // Which is what a request says whose limits the leaps in time have used up.
      const calm = load.disturb({ statuses: [504] });
      for (const kind of allMisbehaviours) {
        keys.misbehaviour = kind;
        world.figures.faults += 1;
        await untilFetched();
        await Bun.sleep(100);
      }
      keys.misbehaviour = undefined;
      await untilFetched();
      await leap(load);
      calm();
      const [before, old] = [keys.fetches, await keys.token(analysis)];
      await keys.rotate();
      await eventually(() => expect(keys.fetches).toBe(before + 1));
      await Bun.sleep(1_000);
      expect(await statusWith(old)).toBe(200);
      await leap(load);
      // This time the old one is withdrawn at once: whoever still has a token by it is refused.
      const withdrawn = load.disturb({ statuses: [403] });
      const last = await keys.token(analysis);
      await keys.rotate({ keepOld: false });
      expect(await statusWith(await keys.token(analysis))).toBe(200);
      expect(await statusWith(last)).toBe(403);
      withdrawn();
      await Bun.sleep(500);
      await load.stop();
      expect(keys.fetches).toBe(before + 2);
      await verifyAfter(withToken(world, keys), load);
    },
    limitMs,
  );

  /** Lets time pass until the keys are asked for: more than once after a silent answer, which has to be given up first. */
  async function untilFetched() {
    const before = keys.fetches;
    while (keys.fetches === before) {
      pass(retryMs);
      await eventually(() => expect(keys.fetches).toBeGreaterThan(before), 500).catch(() => {});
    }
  }

  /** Past the cool-down. What is under way then may have been for too long. */
  async function leap(load: Load) {
    const calm = load.disturb({ statuses: [408, 502, 504], unanswered: true });
    await Bun.sleep(300);
    pass(coolDownMs);
    await Bun.sleep(300);
    calm();
  }
});

function withToken(world: ResilienceWorld, keys: KeyServer): ResilienceWorld {
  const token: ResilienceWorld["token"] = (as) => {
    if (typeof as === "string") throw new Error("by client id only");
    return keys.token(as.clientId);
  };
  return Object.create(world, { token: { value: token } });
}
