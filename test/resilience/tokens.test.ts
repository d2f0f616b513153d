import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { isAvailable } from "../support/service.ts";
import { type ResilienceWorld, startResilienceWorld } from "./support/world.ts";
import { makeToken, readProviderKey, rsa } from "./wire/forged-tokens.ts";
import { startKeyFlood } from "./wire/key-flood.ts";
import { headOf } from "./wire/requests.ts";
import { talk } from "./wire/talk.ts";
import {
  type Attack,
  algorithmAttacks,
  claimAttacks,
  formAttacks,
  headerAttacks,
  keyAttacks,
  type Prey,
  tokenOf,
} from "./wire/token-attacks.ts";

let world: ResilienceWorld;
let prey: () => Prey;
let flood: ReturnType<typeof startKeyFlood>;
/** Where no token may lead the service. */
const trap = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: () => Response.json({ keys: [] }) });
let trapped = 0;
const sent = new Set<string>();
/** By which a token may be too old or too new. */
const leewaySeconds = 60;

beforeAll(async () => {
  trap.reload({
    fetch() {
      trapped += 1;
      return Response.json({ keys: [] });
    },
  });
  world = await startResilienceWorld({ storage: isAvailable("servers") ? "servers" : "embedded", name: "tokens" });
  const key = await readProviderKey(world);
  const analysisId = world.surroundings.analyses[0];
  prey = () => ({ key, analysisId, trapUrl: trap.url.href, now: Math.floor(Date.now() / 1000) });
  // What the Hub knows of the analysis is known from here on; no token makes the service ask again.
  expect((await ask(`Bearer ${tokenOf(prey())}`)).status).toBe(200);
  flood = startKeyFlood(world, () => tokenOf(prey(), { kid: crypto.randomUUID() }));
}, 120_000);
afterAll(async () => {
  await flood.stop();
  await world.stop();
  await trap.stop(true);
});

async function ask(authorization: string | undefined, path = "/local/tags", init: RequestInit = {}) {
  const headers = { ...init.headers, ...(authorization === undefined ? {} : { authorization }) };
  const response = await fetch(`${world.url}${path}`, { ...init, headers });
  const body = await response.text();
  world.figures.requests += 1;
  world.figures.statuses[response.status] = (world.figures.statuses[response.status] ?? 0) + 1;
  return { status: response.status, body, challenge: response.headers.get("www-authenticate") };
}

async function expectRejected(token: string) {
  sent.add(token);
  const hubBefore = world.hub.requests.length;
  const { status, body, challenge } = await ask(`Bearer ${token}`);
  expect([status, body]).toEqual([403, '{"detail":"JWT is malformed"}']);
  expect(challenge).toMatch(/^Bearer error="invalid_token", error_description="[^"\\\r\n]+"$/);
  expect(challenge?.includes(token)).toBe(false);
  expect(world.hub.requests.slice(hubBefore).filter(({ path }) => path.startsWith("/core"))).toEqual([]);
  world.figures.faults += 1;
}

async function expectUnasked(authorization: string | undefined, path?: string, init?: RequestInit) {
  const answer = await ask(authorization, path, init);
  expect(answer).toEqual({ status: 401, body: '{"detail":"Not authenticated"}', challenge: "Bearer" });
  world.figures.faults += 1;
}

test.each<[string, Record<string, unknown>, Record<string, unknown>]>([
  ["as it comes", {}, {}],
  ["without kid and typ", { kid: undefined, typ: undefined }, {}],
  ["with a life of its own for centuries", {}, { exp: 1e11 }],
  ["that ends at a fraction of a second", {}, { exp: Math.floor(Date.now() / 1000) + 600.5 }],
  ["with claims of its own", {}, { roles: ["x".repeat(2_000)], "a\0b": { c: [] } }],
  ["that insists on what is so anyway", { crit: ["b64"], b64: true }, {}],
  ["that names a key set elsewhere", { jku: "http://127.0.0.1:1/keys", x5u: "http://127.0.0.1:1/x" }, {}],
])("a token of the provider is believed: %s", async (_, header, claims) => {
  expect((await ask(`Bearer ${tokenOf(prey(), header, claims)}`)).status).toBe(200);
  expect((await ask(`bEARER   ${tokenOf(prey(), header, claims)}  `)).status).toBe(200);
});

describe.each<[string, readonly Attack[]]>([
  ["an algorithm", algorithmAttacks],
  ["a key", keyAttacks],
  ["a header", headerAttacks],
  ["claims", claimAttacks],
  ["a form", formAttacks],
])("a token is refused for %s:", (_, attacks) => {
  test.each(attacks.map(([name, forge]) => [name, forge] as const))("%s", async (_, forge) => {
    await expectRejected(forge(prey()));
  });
});

describe("a token counts", () => {
  test.each([
    "Basic dXNlcjpwYXNz",
    "Bearer",
    "Bearer ",
    "Bearer\t$",
    "Bearer $ $",
    "Bearer $, Bearer $",
    "Bearer=$",
    "Bearer: $",
    "BearerX $",
    "Token $",
    "JWT $",
    "$",
    "Digest username=$",
    "Basic x, Bearer $",
  ])("only by itself, as a bearer token: %s", async (text) => {
    await expectUnasked(text.replaceAll("$", tokenOf(prey())));
  });

  test("only in the header Authorization", async () => {
    const token = tokenOf(prey());
    const bearer = `Bearer ${token}`;
    for (const path of [`?access_token=${token}`, `?token=${token}`, `?authorization=${encodeURIComponent(bearer)}`]) {
      await expectUnasked(undefined, `/local/tags${path}`);
    }
    for (const headers of [
      { cookie: `access_token=${token}; Authorization=${bearer}` },
      { "x-authorization": bearer },
      { "proxy-authorization": bearer },
      { "x-forwarded-access-token": token },
    ]) {
      await expectUnasked(undefined, "/local/tags", { headers });
    }
    const body = new URLSearchParams({ access_token: token });
    await expectUnasked(undefined, "/local/tags?tag_name=a", { method: "POST", body });
  });

  test("not when there are two of them", async () => {
    const [good, bad] = [`Bearer ${tokenOf(prey())}`, "Bearer x"];
    for (const authorization of [
      [good, bad],
      [bad, good],
      [good, good],
    ]) {
      const { answers } = await talk(world, [headOf("GET /local/tags", { Authorization: authorization })]);
      expect(answers.map(({ status, body }) => [status, body])).toEqual([[401, '{"detail":"Not authenticated"}']]);
      world.figures.faults += 1;
    }
  });

  test("no longer than it lives, also when it has been believed before", async () => {
    const exp = Math.floor(Date.now() / 1000) - 50;
    const token = tokenOf(prey(), {}, { exp });
    expect([(await ask(`Bearer ${token}`)).status, (await ask(`Bearer ${token}`)).status]).toEqual([200, 200]);
    await Bun.sleep((exp + leewaySeconds + 1) * 1000 - Date.now());
    await expectRejected(token);
  });

  test("for the analysis its claim ends up naming, when it names two", async () => {
    const [one, , three] = world.surroundings.analyses;
    const { key, now } = prey();
    const header = JSON.stringify({ alg: "RS256", kid: key.kid });
    const tokenFor = (first: string, last: string) => {
      const payload = `{"client_id":"${first}","iat":${now},"exp":${now + 600},"client_id":"${last}"}`;
      return makeToken({ header, payload }, rsa(key.privateKey));
    };
    expect((await ask(`Bearer ${tokenFor("nobody", one)}`)).status).toBe(200);
    expect((await ask(`Bearer ${tokenFor(three, "nobody")}`)).status).toBe(404);
  });
});

const routes: readonly (readonly [string, string])[] = [
  ["PUT", "/local"],
  ["GET", `/local/${crypto.randomUUID()}`],
  ["HEAD", `/local/${crypto.randomUUID()}`],
  ["GET", "/local/tags"],
  ["POST", "/local/tags?tag_name=a&object_id=x"],
  ["GET", "/local/tags/a"],
  ["DELETE", "/local?project_id=x"],
  ["PUT", "/local/upload?object_id=x&remote_node_id=x"],
  ["PUT", "/intermediate"],
  ["GET", `/intermediate/${crypto.randomUUID()}`],
  ["PUT", "/final"],
  ["PUT", "/final/localdp"],
  ["GET", `/final/submissions/${crypto.randomUUID()}`],
];

test.each(routes)(
  "no token is 401 and a forged one 403, before anything else is looked at: %s %s",
  async (method, path) => {
    const body = ["PUT", "POST"].includes(method) ? { body: "x" } : {};
    expect((await ask(undefined, path, { method, ...body })).status).toBe(401);
    const forged = tokenOf(prey(), { alg: "none" }, {}, () => Buffer.alloc(0));
    expect((await ask(`Bearer ${forged}`, path, { method, ...body })).status).toBe(403);
    world.figures.faults += 2;
  },
);

test("a header of 100 KB is refused, one of 200 KB with its connection, and neither hurts anybody else", async () => {
  for (const [bytes, untilClosed] of [
    [100_000, false],
    [200_000, true],
  ] as const) {
    for (const authorization of [
      `Bearer ${"a".repeat(bytes)}`,
      `Bearer ${tokenOf(prey(), { x: "a".repeat(bytes * 0.75) })}`,
    ]) {
      const request = headOf("GET /local/tags", { Authorization: authorization });
      const { answers, isClosed } = await talk(world, [request], { untilClosed });
      expect([answers.map(({ status }) => status), isClosed]).toEqual([[431], untilClosed]);
      world.figures.faults += 1;
    }
  }
  expect((await ask(`Bearer ${tokenOf(prey())}`)).status).toBe(200);
});

test("500 tokens at once of keys that nobody knows: all refused, the key set fetched once at most", async () => {
  const before = flood.fetches();
  const tokens = Array.from({ length: 500 }, () => tokenOf(prey(), { kid: crypto.randomUUID() }));
  await Promise.all(tokens.map(expectRejected));
  expect(flood.fetches() - before).toBeLessThanOrEqual(1);
}, 60_000);

test("a steady stream of them: the key set fetched no more often than every 30 s, good tokens served all the while", async () => {
  await flood.atLeast(33_000);
  const { refused, served, gapsMs, complaints } = await flood.stop();
  expect(complaints).toEqual([]);
  expect(refused).toBeGreaterThan(100);
  expect(served).toBeGreaterThan(50);
  // The first fetch was for the first token; the next ones for keys that were not in it.
  expect(gapsMs.length).toBeGreaterThan(0);
  expect(Math.min(...gapsMs)).toBeGreaterThan(29_000);
}, 90_000);

test("nowhere has a token led the service, and none is in its log", () => {
  expect(trapped).toBe(0);
  const log = world.service.output();
  for (const token of sent) {
    for (const part of token.split(".").filter((part) => part.length > 40)) expect(log.includes(part)).toBe(false);
  }
  expect(log).toContain("access.denied");
  expect(log).not.toContain('"level":"error"');
});
