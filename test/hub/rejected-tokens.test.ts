import { afterEach, describe, expect, test } from "bun:test";
import { catchAppError } from "./catch-error.ts";
import { GENERATIONS, SEED, type ServedHub, serveHub } from "./serve-hub.ts";

const { projectA, analysis1, nodeB } = SEED;
type Client = ReturnType<ServedHub["connect"]>;
const CORE = { path: /^\/core/ };

let served: ServedHub;
afterEach(() => served.stop());

const ask = (hub: Client) => hub.projectExists(projectA.id);

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

/** In the words of real Hubs. */
const rejections = [
  [500, "internal_error", "The token payload is invalid."],
  [500, "internal_error", "The JWT is not active."],
  [500, "internal_error", "The JWT has expired."],
  [500, "internal_error", "The JWK 6f1c7c1e-1b1c-4f1e-8f61-2f6a1c9b0d11 could not be found."],
  [400, "invalid_token", "The token payload is invalid."],
  [400, "expired_token", "The JWT has expired."],
  [400, "jwk_not_found", "The JWK 6f1c7c1e-1b1c-4f1e-8f61-2f6a1c9b0d11 could not be found."],
  [401, "invalid_token", ""],
] as const;

/** Everything that is asked of a Hub, and what comes of it. */
const calls: readonly [name: string, path: RegExp, call: (hub: Client, served: ServedHub) => Promise<unknown>][] = [
  ["an analysis' project", /analyses/, (hub) => hub.findProjectId(analysis1.id)],
  ["whether a project is there", /projects/, (hub) => hub.projectExists(projectA.id)],
  ["an analysis' bucket", /analysis-buckets/, (hub) => hub.findBucket(analysis1.id, "RESULT")],
  ["a node's key", /nodes/, (hub) => hub.findNode(nodeB.id)],
  ["the own node", /nodes/, (hub) => hub.findOwnNodeId()],
  ["a file", /bucket-files/, (hub) => hub.findFile(analysis1.id)],
  ["the files of a bucket", /bucket-files/, async (hub) => Array.fromAsync(hub.listFiles(await resultBucket(hub)))],
  ["an upload", /upload/, (hub) => sendFile(hub)],
  ["a download", /stream/, async (hub) => new Response(await hub.download((await sendFile(hub)).id)).text()],
  ["a removal", /bucket-files/, async (hub) => hub.removeFile((await sendFile(hub)).id)],
  ["a link", /analysis-bucket-files/, async (hub) => hub.link(await findBucket(hub), await sendFile(hub))],
  [
    "whether there is a link",
    /analysis-bucket-files/,
    async (hub) => hub.isLinked(await findBucket(hub), await sendFile(hub)),
  ],
];

async function findBucket(hub: Client) {
  const bucket = await hub.findBucket(analysis1.id, "RESULT");
  if (bucket === undefined) throw new Error("no bucket");
  return bucket;
}
const resultBucket = async (hub: Client) => (await findBucket(hub)).bucketId;
async function sendFile(hub: Client) {
  const file = { path: `${crypto.randomUUID()}.txt`, contentType: "text/plain", body: new Blob(["x"]).stream() };
  const [sent] = await hub.upload(await resultBucket(hub), file);
  if (sent === undefined) throw new Error("no file");
  return sent;
}

describe.each([...GENERATIONS])("whatever is asked of a Hub of generation %s", (generation) => {
  test.each(calls)(
    "%s: each way to reject the token leads to one new sign-in, and to the answer",
    async (_, path, call) => {
      served = serveHub({ generation });
      const known = await call(served.connect(), served);
      const shape = (answer: unknown) =>
        typeof answer === "object" && answer !== null ? Object.keys(answer).length : answer;
      for (const [status, code, message] of rejections) {
        const hub = served.connect();
        const before = served.count(/token/);
        served.sandbox.fail({ path }, { kind: "status", status, body: { statusCode: status, code, message } }, 1);
        const answer = await call(hub, served);
        if (!Array.isArray(answer)) expect(shape(answer)).toEqual(shape(known));
        expect([message, served.count(/token/) - before]).toEqual([message, 2]);
      }
    },
  );
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

test.each([
  ["its own life", { expiresIn: 3_600, exp: 1_300 }],
  ["what the answer says", { expiresIn: 300, exp: 4_600 }],
])("of a token's two lives the shorter one counts: %s", async (_, { expiresIn, exp }) => {
  let nowMs = 0;
  served = serveHub({ generation: "2025", now: () => nowMs });
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const token = `${part({ alg: "RS256" })}.${part({ iat: 1_000, exp })}.x`;
  const grant = { access_token: token, expires_in: expiresIn, token_type: "Bearer" };
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
