import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { eventually } from "../support/eventually.ts";
import { createFakeClock, type FakeClock, fakeClockInstalled } from "./support/fake-clock.ts";
import { startLoad } from "./support/load.ts";
import { createHttpPoller, fieldOf, type HttpPoller } from "./support/poller.ts";
import { verifyAfter } from "./support/verify.ts";
import { canStartWorld, type ResilienceWorld, startResilienceWorld } from "./support/world.ts";

const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;
/** Longer than any cool-down that the scenarios wait for, shorter than any jump. */
const patienceMs = 40_000;

/** One that holds whatever the service takes for the time. */
function lastingToken({ identity }: ResilienceWorld) {
  const nowSeconds = Math.floor(Date.now() / 1000);
  const claims = { iat: nowSeconds - (3 * day) / 1000, exp: nowSeconds + (3 * day) / 1000 };
  return (clientId: string) => identity.token(clientId, { claims });
}

const file = (name: string, content = name) => new File([content], name);

describe.skipIf(!fakeClockInstalled())("a clock that is set while the service runs", () => {
  let clock: FakeClock;
  let world: ResilienceWorld;
  let poller: HttpPoller;

  beforeAll(async () => {
    clock = createFakeClock();
    world = await startResilienceWorld({ storage: "embedded", env: clock.env, name: "clock" });
    poller = createHttpPoller(world, lastingToken(world));
  }, 60_000);
  afterAll(async () => {
    await world?.stop();
    clock?.remove();
  });

  function jumpTo(offsetMs: number) {
    clock.set(offsetMs);
    world.figures.faults += 1;
  }
  const filesAtHub = () =>
    world.hub.filesOf(world.hub.bucketOf(world.surroundings.analyses[0], "RESULT").bucketId ?? "");
  const askedFor = (path: string) => world.hub.requests.filter((request) => request.path.startsWith(path)).length;

  test("by hours and days to and fro, under load, costs no request, no keys are fetched anew, and a sign-in only where the token has grown old", async () => {
    const load = startLoad(world, { seed: 41, token: lastingToken(world) });
    await Bun.sleep(1_500);
    const before = { keys: world.identity.requests["/certs"], signIns: askedFor("/auth/token") };
    for (const offsetMs of [hour, 0, -hour, 0, day, -day, 2 * day, 0]) {
      jumpTo(offsetMs);
      await Bun.sleep(600);
    }
    await load.stop();
    expect(world.identity.requests["/certs"]).toBe(before.keys ?? 0);
    // Four of the jumps go ahead by an hour or more, which a suspended machine looks like; each may cost one.
    expect(askedFor("/auth/token") - before.signIns).toBeLessThanOrEqual(4);
    await verifyAfter(world, load);
  }, 120_000);

  test("tokens are judged by the new time, whatever was thought of them before", async () => {
    const [analysis] = world.surroundings.analyses;
    const at = (offsetMs: number) => Math.floor((Date.now() + offsetMs) / 1000);
    const token = (claims: object) => world.identity.token(analysis, { claims: { iat: at(-2 * hour), ...claims } });
    const tokens = {
      usual: await token({ exp: at(hour) }),
      expired: await token({ exp: at(-30 * minute) }),
      early: await token({ nbf: at(30 * minute), exp: at(2 * hour) }),
    };
    const judged = async () => {
      const entries = Object.entries(tokens).map(async ([name, token]) => {
        return [name, (await poller.ask(token, "/local/tags")).status];
      });
      return Object.fromEntries(await Promise.all(entries));
    };
    const [atNow, inAnHour, anHourAgo] = [
      { usual: 200, expired: 403, early: 403 },
      { usual: 403, expired: 403, early: 200 },
      { usual: 200, expired: 200, early: 403 },
    ];
    for (const [offsetMs, expected] of [
      [0, atNow],
      [hour + 2 * minute, inAnHour],
      [0, atNow],
      [-hour, anHourAgo],
      [0, atNow],
    ] as const) {
      jumpTo(offsetMs);
      expect(await judged()).toEqual(expected);
    }
  }, 60_000);

  test.each([day, -day])(
    "by %i ms while finals wait for the Hub, and their delivery does not wait for the clock",
    async (ms) => {
      const name = `waiting-${ms}.txt`;
      await world.hubLine.refuse();
      world.hubLine.cut();
      expect((await poller.put("1", "/final", file(name))).status).toBe(202);
      expect((await poller.put("1", "/final", file(`next-${name}`))).status).toBe(202);
      jumpTo(ms);
      await world.hubLine.resume();
      // In no order: a final that seems to have failed for a day no longer blocks the next one.
      const names = [name, `next-${name}`];
      const arrived = () => filesAtHub().flatMap(({ path = "" }) => (names.includes(path) ? [path] : []));
      await eventually(() => expect(arrived()).toEqual(expect.arrayContaining(names)), patienceMs);
      expect(arrived()).toHaveLength(2);
      jumpTo(0);
    },
    60_000,
  );

  test("back, while the Hub has put a final off for a second: it is not put off until the clock is there again", async () => {
    const headers = { "Retry-After": "1" };
    const lift = world.hub.fail({ method: "POST", path: /\/upload$/ }, { kind: "status", status: 429, headers });
    expect((await poller.put("1", "/final", file("put-off.txt"))).status).toBe(202);
    jumpTo(-day);
    lift();
    await eventually(() => expect(filesAtHub().map(({ path }) => path)).toContain("put-off.txt"), patienceMs);
    jumpTo(0);
  }, 60_000);

  test("back, between two processes: the second delivers what the first has put off to a time that is far away now", async () => {
    await world.hubLine.refuse();
    world.hubLine.cut();
    expect((await poller.put("1", "/final", file("handed-on.txt"))).status).toBe(202);
    await world.service.stop("SIGKILL");
    jumpTo(-2 * day);
    await world.hubLine.resume();
    await world.startService();
    await eventually(() => expect(filesAtHub().map(({ path }) => path)).toContain("handed-on.txt"), patienceMs);
    jumpTo(0);
  }, 60_000);

  test("back, after keys and sign-in were refused: both are tried again within seconds", async () => {
    const lift = world.hub.fail({ path: /^\/auth\/token$/ }, { kind: "status", status: 401 });
    await world.keysLine.refuse();
    world.keysLine.cut();
    await world.service.stop("SIGTERM");
    await world.startService();
    const answer = () => poller.get("1", "/local/tags");
    expect((await answer()).json).toEqual({ detail: "Auth provider is unavailable" });
    jumpTo(-hour);
    await world.keysLine.resume();
    await eventually(async () => {
      expect((await answer()).json).toEqual({ detail: "Hub returned an unexpected response (401)" });
    }, patienceMs);
    jumpTo(-2 * hour);
    lift();
    await eventually(async () => expect((await answer()).status).toBe(200), patienceMs);
    jumpTo(0);
  }, 90_000);
});

describe.skipIf(!fakeClockInstalled() || !canStartWorld({ storage: "servers" }))(
  "a clock beside S3 and PostgreSQL",
  () => {
    test("that differs from the store's by an hour is refused by the store, told, and mended by setting it right", async () => {
      const clock = createFakeClock();
      const env = clock.env;
      const world = await startResilienceWorld({ storage: "servers", env, name: "clock beside servers" });
      const { put, get } = createHttpPoller(world, lastingToken(world));
      const load = startLoad(world, { clients: 4, seed: 42, token: lastingToken(world) });
      try {
        await Bun.sleep(800);
        clock.set(10 * minute);
        await Bun.sleep(500);
        clock.set(-10 * minute);
        await Bun.sleep(500);
        clock.set(0);
        await load.stop();
        await verifyAfter(world, load);
        // Behind, as the store takes what is dated ahead of it.
        clock.set(-hour);
        world.figures.faults += 3;
        const refused = await put("1", "/local", file("refused"), [["tag", "refused"]]);
        expect([refused.status, refused.json]).toEqual([502, { detail: "Unexpected error from object store" }]);
        expect(world.service.output()).toMatch(/RequestTimeTooSkewed|has expired|AccessDenied/);
        expect((await get("1", "/local/tags/refused")).json).toEqual({ results: [] });
        clock.set(0);
        await eventually(async () => {
          expect((await put("1", "/local", file("taken"), [["tag", "refused"]])).status).toBe(200);
        }, patienceMs);
        expect(fieldOf(await get("1", "/local/tags/refused"), "results")).toHaveLength(1);
        await eventually(async () => expect((await fetch(`${world.url}/readyz`)).status).toBe(200), patienceMs);
      } finally {
        await world.stop();
        clock.remove();
      }
    }, 120_000);
  },
);
