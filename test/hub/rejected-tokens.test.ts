import { afterEach, describe, expect, test } from "bun:test";
import { catchAppError } from "./catch-error.ts";
import { GENERATIONS, SEED, type ServedHub, serveHub } from "./serve-hub.ts";

const { projectA, analysis1 } = SEED;
const CORE = { path: /^\/core/ };

let served: ServedHub;
afterEach(() => served.stop());

const ask = (hub: ReturnType<ServedHub["connect"]>) => hub.projectExists(projectA.id);

describe.each([...GENERATIONS])("on a Hub of generation %s", (generation) => {
  test.each([
    ["was revoked", (hub: ServedHub) => hub.sandbox.revokeTokens()],
    ["is signed by a key that is gone", (hub: ServedHub) => hub.sandbox.rotateKeys()],
  ])("a token that %s is replaced at once, for core and storage", async (_, spoil) => {
    served = serveHub({ generation });
    const hub = served.connect({ cacheSeconds: 0 });
    await ask(hub);
    spoil(served);
    expect(await ask(hub)).toBeTrue();
    spoil(served);
    expect(await hub.findFile(analysis1.id)).toBeUndefined();
    expect(served.count(/token/)).toBe(3);
  });

  test("a token that the Hub finds expired before we do is replaced at once", async () => {
    let hubMs = 5_000_000;
    served = serveHub({ generation, tokenLifeSeconds: 900, now: () => hubMs });
    const hub = served.connect({ now: () => 0 });
    await ask(hub);
    hubMs += 901_000;
    expect(await ask(hub)).toBeTrue();
    expect(served.count(/token/)).toBe(2);
  });
});

test("the newest sign-in service says the same of every rejected token, and is understood", async () => {
  served = serveHub({ generation: "2026" });
  served.sandbox.authup = "beta.63";
  const hub = served.connect();
  await ask(hub);
  served.sandbox.rotateKeys();
  expect(await ask(hub)).toBeTrue();
});

test.each([
  [500, "internal_error", "The JWT has expired."],
  [500, "internal_error", "The JWK 6f1c7c1e could not be found."],
  [500, "internal_error", "The JWT is not active."],
  [500, "internal_error", "The token payload is invalid."],
  [400, "invalid_token", "The token payload is invalid."],
  [400, "expired_token", ""],
  [400, "jwk_not_found", ""],
  [401, "", ""],
  [500, "internal_error", "Words that nobody has heard before."],
  [400, "something_new", ""],
])("%d %s %s leads to one new sign-in and one repetition", async (status, code, message) => {
  served = serveHub({ generation: "2026" });
  const hub = served.connect();
  await ask(hub);
  served.sandbox.fail(CORE, { kind: "status", status, body: { statusCode: status, code, message } }, 1);
  expect(await ask(hub)).toBeTrue();
  expect([served.count(/core/), served.count(/token/)]).toEqual([3, 2]);
});

test("a sign-in service that the Hub cannot reach says nothing about the token", async () => {
  served = serveHub({ generation: "2026" });
  const hub = served.connect();
  await ask(hub);
  served.sandbox.authup = "away";
  expect((await catchAppError(ask(hub))).upstream?.status).toBe(500);
  expect(served.count(/token/)).toBe(1);
});

test("an error that goes on and that nobody can explain costs one sign-in a minute", async () => {
  let nowMs = 0;
  served = serveHub({ generation: "2026" });
  const hub = served.connect({ now: () => nowMs });
  await ask(hub);
  served.sandbox.fail(CORE, {
    kind: "status",
    status: 500,
    body: { code: "internal_error", message: "Disk trouble." },
  });
  for (let round = 0; round < 5; round++) await catchAppError(ask(hub));
  expect(served.count(/token/)).toBe(2);
  nowMs += 60_000;
  await catchAppError(ask(hub));
  expect(served.count(/token/)).toBe(3);
});

test("a machine that was suspended knows that its token has aged", async () => {
  let wallMs = 1_000_000;
  served = serveHub({ generation: "2026", tokenLifeSeconds: 900 });
  const hub = served.connect({ now: () => 0, wallNow: () => wallMs });
  await ask(hub);
  wallMs += 880_000;
  await ask(hub);
  expect(served.count(/token/)).toBe(2);
  wallMs -= 10_000_000;
  await ask(hub);
  expect(served.count(/token/)).toBe(2);
});

test("a token's own life counts where the answer promises a longer one", async () => {
  let nowMs = 0;
  served = serveHub({ generation: "2025", now: () => nowMs });
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const token = `${part({ alg: "RS256" })}.${part({ iat: 1_000, exp: 1_300 })}.x`;
  const grant = { access_token: token, expires_in: 3600, token_type: "Bearer" };
  served.sandbox.fail({ path: /token/ }, { kind: "status", status: 200, body: grant });
  const hub = served.connect({ now: () => nowMs });
  const tries = () => catchAppError(ask(hub));
  served.sandbox.fail(CORE, { kind: "status", status: 404, body: { message: "not to be repeated" } });
  await tries();
  nowMs += 230_000;
  await tries();
  expect(served.count(/token/)).toBe(1);
  nowMs += 20_000;
  await tries();
  expect(served.count(/token/)).toBe(2);
});
