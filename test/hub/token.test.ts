import { afterEach, describe, expect, test } from "bun:test";
import { adviseOn, type SignIn } from "../../src/hub/sign-in.ts";
import { createTokenSource } from "../../src/hub/token.ts";
import { createOutbound } from "../../src/hub/transport/create-outbound.ts";
import { startTimeLimit } from "../../src/hub/transport/time-limit.ts";
import { quietLog } from "../../src/log.ts";
import { catchAppError } from "./catch-error.ts";
import { GENERATIONS, SEED, type ServedHub, type ServeOptions, serveHub } from "./serve-hub.ts";
import { httpResponse, startRawServer } from "./transport/raw-server.ts";

const { projectA, analysis1, nodeA } = SEED;
const USER: SignIn = { flow: "password", ...SEED.user };
const CLIENT: SignIn = { flow: "client", id: nodeA.clientId, secret: nodeA.clientSecret };
const ROBOT: SignIn = { flow: "robot", id: nodeA.robotId, secret: nodeA.robotSecret };

let served: ServedHub | undefined;
let nowMs = 5_000_000;
afterEach(() => served?.stop());

function serve(options: Partial<ServeOptions> = {}): ServedHub {
  served = serveHub({ generation: "2026", tokenLifeSeconds: 900, now: () => nowMs, ...options });
  return served;
}

function ask(hub: ReturnType<ServedHub["connect"]>) {
  return hub.projectExists(projectA.id);
}

describe.each([...GENERATIONS])("the token of a Hub of generation %s", (generation) => {
  test("serves until shortly before its end, whatever life the Hub gives it", async () => {
    for (const tokenLifeSeconds of [100, 900]) {
      const here = serve({ generation, tokenLifeSeconds });
      const hub = here.connect({ signIn: USER, now: () => nowMs });
      await ask(hub);
      nowMs += tokenLifeSeconds * 750;
      await ask(hub);
      expect(here.count(/token/)).toBe(1);
      nowMs += tokenLifeSeconds * 240;
      await ask(hub);
      expect(here.count(/token/)).toBe(2);
      await here.stop();
    }
  });

  test("of a user is refreshed again and again, each refresh token once", async () => {
    const { connect, count, logged } = serve({ generation });
    const hub = connect({ signIn: USER, now: () => nowMs });
    for (let round = 0; round < 4; round++) {
      await Promise.all([ask(hub), ask(hub), ask(hub)]);
      nowMs += 899_000;
    }
    expect(count(/token/)).toBe(4);
    expect(logged.some(({ event }) => event === "hub.token.refresh-failed")).toBeFalse();
  });

  test("of a user comes by password when the refresh is refused", async () => {
    const { sandbox, connect, count } = serve({ generation });
    const hub = connect({ signIn: USER, now: () => nowMs });
    await ask(hub);
    sandbox.revokeTokens();
    nowMs += 899_000;
    expect(await ask(hub)).toBeTrue();
    expect(count(/token/)).toBe(3);
  });
});

test("a refresh token that was sent once is never sent again, even if no answer came", async () => {
  const { sandbox, connect, logged } = serve();
  const hub = connect({ signIn: USER, now: () => nowMs });
  await ask(hub);
  nowMs += 901_000;
  const repair = sandbox.fail({ path: /token/ }, { kind: "drop" });
  expect((await catchAppError(ask(hub))).code).toBe("hub_unreachable");
  repair();
  expect(await ask(hub)).toBeTrue();
  expect(logged.filter(({ event }) => event === "hub.token.refresh-failed")).toHaveLength(1);
});

test("a client's token is fetched anew, as it has no refresh token", async () => {
  const { connect, count } = serve();
  const hub = connect({ signIn: CLIENT, now: () => nowMs });
  await ask(hub);
  nowMs += 899_000;
  expect(await ask(hub)).toBeTrue();
  expect(count(/token/)).toBe(2);
});

test.each([
  ["2025", ROBOT, "HUB__AUTH__SECRET"],
  ["2026", CLIENT, "HUB__AUTH__SECRET"],
  ["2026", USER, "HUB__AUTH__PASSWORD"],
  ["2025", USER, "HUB__AUTH__PASSWORD"],
] as const)(
  "wrong credentials on %s name the settings to check, and are not tried again at once",
  async (generation, signIn, setting) => {
    const { connect, count } = serve({ generation });
    const wrong: SignIn = signIn.flow === "password" ? { ...signIn, password: "no" } : { ...signIn, secret: "no" };
    const hub = connect({ signIn: wrong, now: () => nowMs });
    const error = await catchAppError(ask(hub));
    expect(error.code).toBe("hub_unexpected");
    expect([400, 401]).toContain(error.upstream?.status ?? 0);
    expect(error.operatorDetail).toContain(setting);
    await catchAppError(hub.findProjectId(analysis1.id));
    expect(count(/token/)).toBe(1);
    nowMs += 6_000;
    await catchAppError(ask(hub));
    expect(count(/token/)).toBe(2);
  },
);

test("a robot on a Hub without robots is told to sign in as a client", async () => {
  const error = await catchAppError(ask(serve().connect({ signIn: ROBOT })));
  expect(error.operatorDetail).toContain("HUB__AUTH__FLOW=client");
});

test("while the sign-in is away, a token that still lives serves on", async () => {
  const { sandbox, connect, count } = serve();
  const hub = connect({ signIn: CLIENT, now: () => nowMs });
  await ask(hub);
  const repair = sandbox.fail({ path: /token/ }, { kind: "status", status: 500 });
  nowMs += 850_000;
  expect(await ask(hub)).toBeTrue();
  expect(await ask(hub)).toBeTrue();
  expect(count(/token/)).toBe(2);
  nowMs += 60_000;
  expect((await catchAppError(ask(hub))).upstream?.status).toBe(500);
  repair();
  expect(await ask(hub)).toBeTrue();
});

test("a sign-in answer that makes no sense is an error", async () => {
  const { sandbox, connect } = serve();
  sandbox.fail({ path: /token/ }, { kind: "garbage" });
  const error = await catchAppError(ask(connect()));
  expect([error.code, error.upstream?.status]).toEqual(["hub_unexpected", 200]);
  expect(error.operatorDetail).toContain("HUB__AUTH_BASE_URL");
});

test("a sign-in that the Hub itself cannot serve is not blamed on its address", () => {
  expect(adviseOn({ status: 404, body: {} }, CLIENT)).toContain("HUB__AUTH_BASE_URL");
  for (const status of [429, 500, 503]) {
    expect(adviseOn({ status, body: undefined }, CLIENT)).not.toContain("HUB__");
  }
});

test("a web server's own refusal in place of the sign-in is no wrong password", async () => {
  const { url, stop } = await startRawServer((socket) => {
    socket.end(httpResponse("400 Bad Request", "<html>The plain HTTP request was sent to HTTPS port</html>"));
  });
  const limit = startTimeLimit(5_000);
  const tokens = createTokenSource({
    authUrl: url.replace(/\/$/, ""),
    signIn: CLIENT,
    outbound: createOutbound({ log: quietLog }),
    limitMs: 5_000,
    now: () => 0,
    wallNow: () => 0,
    log: quietLog,
  });
  const error = await catchAppError(tokens.get(limit));
  stop();
  expect(error.operatorDetail).toContain("has to be https");
  expect(error.operatorDetail).not.toContain("HUB__AUTH__SECRET");
});

test("no secret and no token gets into the log or an error", async () => {
  const { sandbox, connect, logged } = serve();
  const hub = connect({ signIn: CLIENT });
  await ask(hub);
  sandbox.fail({ path: /core/ }, { kind: "status", status: 500 });
  const error = await catchAppError(ask(hub));
  const token = sandbox.requests.at(-1)?.headers.get("authorization")?.slice(7, 40) ?? "?";
  const told = Bun.inspect([logged, error, error.operatorDetail, error.cause]);
  expect(told).not.toContain(nodeA.clientSecret);
  expect(told).not.toContain(token);
});
