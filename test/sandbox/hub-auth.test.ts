import { describe, expect, test } from "bun:test";
import type { Authup } from "../../src/sandbox/hub/errors.ts";
import type { HubGeneration } from "../../src/sandbox/hub/hub.ts";
import { type ServedHub, serveHub, textField } from "./serve-hub.ts";

const GENERATIONS: readonly HubGeneration[] = ["2025", "2026-snake", "2026"];

async function grant(served: ServedHub, fields: Record<string, string>): Promise<{ status: number; body: unknown }> {
  const response = await served.call("/auth/token", undefined, { method: "POST", body: new URLSearchParams(fields) });
  return { status: response.status, body: await response.json() };
}

function passwordGrant(served: ServedHub) {
  return grant(served, { grant_type: "password", ...served.seed.user });
}

async function look(served: ServedHub, token: string | undefined): Promise<{ status: number; text: string }> {
  const response = await served.call(`/core/projects/${served.seed.projects[0]?.id}`, token);
  return { status: response.status, text: await response.text() };
}

describe.each(GENERATIONS)("a %s Hub", (generation) => {
  test("takes tokens of the password grant and of the node's own grant", async () => {
    await using served = serveHub(generation);
    const user = textField((await passwordGrant(served)).body, "access_token");
    expect((await look(served, user)).status).toBe(200);
    expect((await look(served, await served.signIn(served.nodeA))).status).toBe(200);
  });

  test("a refresh token works once", async () => {
    await using served = serveHub(generation);
    const refresh_token = textField((await passwordGrant(served)).body, "refresh_token");
    const renewed = await grant(served, { grant_type: "refresh_token", refresh_token });
    expect(renewed.status).toBe(200);
    expect((await grant(served, { grant_type: "refresh_token", refresh_token })).status).toBe(400);
    const after = await look(served, textField(renewed.body, "access_token"));
    expect(after.status === 200).toBe(generation !== "2026");
    const next = { grant_type: "refresh_token", refresh_token: textField(renewed.body, "refresh_token") };
    expect((await grant(served, next)).status === 200).toBe(generation !== "2026");
  });

  test("robots can sign in on a 2025 Hub only", async () => {
    await using served = serveHub(generation);
    const { robotId: id, robotSecret: secret } = served.nodeA;
    const { status, body } = await grant(served, { grant_type: "robot_credentials", id, secret });
    expect(status).toBe(generation === "2025" ? 200 : 400);
    if (generation !== "2025") expect(body).toMatchObject({ error: "unsupported_grant_type" });
  });

  test("an expired token is refused", async () => {
    let now = 1_000_000;
    await using served = serveHub(generation, { now: () => now, tokenLifeSeconds: 60 });
    const token = await served.signIn(served.nodeA);
    now += 59_999;
    expect((await look(served, token)).status).toBe(200);
    now += 1;
    const refused = await look(served, token);
    expect(refused.status).toBe({ "2025": 400, "2026-snake": 401, "2026": 500 }[generation]);
    expect(refused.text).toContain(generation === "2026-snake" ? "token payload is invalid" : "The JWT has expired.");
  });

  test("revoked tokens are refused on both services, and none at all is 401", async () => {
    await using served = serveHub(generation);
    const token = await served.signIn(served.nodeA);
    served.hub.revokeTokens();
    expect((await look(served, token)).status).not.toBe(200);
    expect((await served.call("/storage/bucket-files", token)).status).not.toBe(200);
    expect((await look(served, undefined)).status).toBe(401);
    expect((await served.call("/storage/bucket-files")).status).toBe(401);
  });

  test.each(["", "nonsense", "[]", '"text"', "null"])("answers the token request %p with 400", async (body) => {
    await using served = serveHub(generation);
    const headers = { "Content-Type": "application/json" };
    expect((await served.call("/auth/token", undefined, { method: "POST", headers, body })).status).toBe(400);
  });
});

describe("a 2026 Hub words the refusal of a token as the sign-in service behind it does", () => {
  test.each<[Authup, RegExp]>([
    ["beta.62", /^The JWK .* could not be found\.$/],
    ["beta.63", /^The JWT is not active\.$/],
    ["away", /^fetch failed /],
  ])("%s, of a key that was rotated away", async (authup, wording) => {
    await using served = serveHub("2026");
    const token = await served.signIn(served.nodeA);
    served.hub.authup = authup;
    served.hub.rotateKeys();
    for (const path of [`/core/projects/${served.seed.projects[0]?.id}`, "/storage/bucket-files"]) {
      const refused = await served.call(path, token);
      expect(refused.status).toBe(500);
      expect(await refused.json()).toMatchObject({
        code: "internal_error",
        message: expect.stringMatching(wording),
      });
    }
  });

  test("and one that is away lets nobody in, whose token is good", async () => {
    await using served = serveHub("2026");
    const token = await served.signIn(served.nodeA);
    served.hub.authup = "away";
    expect(await look(served, token)).toMatchObject({ status: 500, text: expect.stringContaining("fetch failed") });
    served.hub.authup = "beta.62";
    expect((await look(served, token)).status).toBe(200);
  });
});
