import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { exportSPKI, importJWK, SignJWT, UnsecuredJWT } from "jose";
import { startTestService, type TestService } from "../support/service.ts";

describe("who may ask", () => {
  let service: TestService;

  beforeAll(async () => {
    service = await startTestService();
  });
  afterAll(() => service.stop());

  function published() {
    const [key] = service.identity.jwks().keys;
    if (key === undefined) throw new Error("no key is published");
    return { ...key, kid: key.kid ?? "" };
  }

  async function ask(token: string): Promise<{ status: number; detail: string; challenge: string | null }> {
    const headers = { authorization: token };
    const response = await fetch(`${service.url}/local/tags`, { headers });
    const { detail } = (await response.json()) as { detail: string };
    return { status: response.status, detail, challenge: response.headers.get("www-authenticate") };
  }

  async function expectRejected(token: string, reason: RegExp) {
    const answer = await ask(`Bearer ${token}`);
    expect([answer.status, answer.detail]).toEqual([403, "JWT is malformed"]);
    expect(answer.challenge).toMatch(/^Bearer error="invalid_token", error_description="[^"]+"$/);
    expect(answer.challenge).toMatch(reason);
  }

  test("no token is 401 with a challenge", async () => {
    const response = await fetch(`${service.url}/local/tags`);
    expect(response.status).toBe(401);
    expect(await response.json()).toEqual({ detail: "Not authenticated" });
    expect(response.headers.get("www-authenticate")).toBe("Bearer");
    expect((await ask("Basic dXNlcjpwYXNz")).status).toBe(401);
    expect((await ask("Bearer ")).status).toBe(401);
  });

  test("a good token passes, with the scheme in any case", async () => {
    expect((await ask(`bearer ${await service.token("1")}`)).status).toBe(200);
  });

  test("garbage is refused with the reason", async () => {
    await expectRejected("garbage", /Invalid/i);
    await expectRejected("a.b.c", /./);
    await expectRejected(`${await service.token("1")}x`, /signature/);
  });

  test("an expired token is refused, but not within the leeway", async () => {
    const { identity, analyses } = service;
    await expectRejected(await identity.token(analyses[0], { expiresInSeconds: -90 }), /exp/);
    expect((await ask(`Bearer ${await identity.token(analyses[0], { expiresInSeconds: -30 })}`)).status).toBe(200);
  });

  test("a token that is not valid yet is refused", async () => {
    const nbf = Math.floor(Date.now() / 1000) + 600;
    await expectRejected(await service.identity.token(service.analyses[0], { claims: { nbf } }), /nbf/);
  });

  test("a token from the future is refused, but not within the leeway", async () => {
    const issued = (seconds: number) => ({ claims: { iat: Math.floor(Date.now() / 1000) + seconds } });
    await expectRejected(await service.identity.token(service.analyses[0], issued(90)), /iat/);
    const token = await service.identity.token(service.analyses[0], issued(30));
    expect((await ask(`Bearer ${token}`)).status).toBe(200);
  });

  test.each(["iat", "exp", "client_id"])("a token without %s is refused", async (claim) => {
    const token = await service.identity.token(service.analyses[0], { claims: { [claim]: undefined } });
    await expectRejected(token, new RegExp(claim));
  });

  test.each([[42], [["a"]], [{}], [""], [null], [true]])("a client id of %j is refused", async (value) => {
    await expectRejected(await service.identity.token("x", { claims: { client_id: value } }), /client_id/);
  });

  test("an unsigned token is refused", async () => {
    const unsigned = new UnsecuredJWT({ client_id: service.analyses[0] })
      .setIssuedAt()
      .setExpirationTime("1h")
      .encode();
    await expectRejected(unsigned, /alg/);
  });

  test("a token signed with the public key as a shared secret is refused", async () => {
    const publicKey = await importJWK(published(), "RS256");
    if (publicKey instanceof Uint8Array) throw new Error("not a public key");
    const secret = new TextEncoder().encode(await exportSPKI(publicKey));
    const jwt = new SignJWT({ client_id: service.analyses[0] }).setIssuedAt().setExpirationTime("1h");
    await expectRejected(await jwt.setProtectedHeader({ alg: "HS256", kid: published().kid }).sign(secret), /alg/);
  });

  test("a key that the token brings along is not used", async () => {
    const pair = await crypto.subtle.generateKey(
      { name: "RSASSA-PKCS1-v1_5", modulusLength: 2048, publicExponent: new Uint8Array([1, 0, 1]), hash: "SHA-256" },
      true,
      ["sign", "verify"],
    );
    const jwk = await crypto.subtle.exportKey("jwk", pair.publicKey);
    const jwt = new SignJWT({ client_id: service.analyses[0] }).setIssuedAt().setExpirationTime("1h");
    const header = {
      alg: "RS256",
      kid: published().kid,
      jwk: { kty: "RSA", n: jwk.n, e: jwk.e },
      jku: `${service.hubUrl}/certs`,
    };
    await expectRejected(await jwt.setProtectedHeader(header as { alg: string }).sign(pair.privateKey), /signature/);
    expect(service.hub.requests.some(({ path }) => path === "/certs")).toBe(false);
  });

  test("a client id that is no UUID is no analysis, and the Hub is not asked", async () => {
    for (const id of ["hub-adapter", "!x", "a,b", "~", "' or 1=1"]) {
      const before = service.hub.requests.length;
      const response = await fetch(`${service.url}/local/tags`, {
        headers: { authorization: `Bearer ${await service.identity.token(id)}` },
      });
      expect([response.status, await response.json()]).toEqual([404, { detail: `Analysis with ID ${id} not found` }]);
      expect(service.hub.requests.length).toBe(before);
    }
  });

  test("an analysis id in capitals is the same analysis", async () => {
    const token = await service.identity.token(service.analyses[0].toUpperCase());
    expect((await ask(`Bearer ${token}`)).status).toBe(200);
  });

  test("the token is judged before path, query and form", async () => {
    for (const [method, path] of [
      ["GET", "/local/not-a-uuid"],
      ["POST", "/local/tags"],
      ["PUT", "/local"],
      ["DELETE", "/local"],
    ] as const) {
      expect((await fetch(`${service.url}${path}`, { method })).status).toBe(401);
    }
  });
});

test("issuer and audience are checked when they are configured", async () => {
  const service = await startTestService({ env: { OIDC__ISSUER: "https://idp.example", OIDC__AUDIENCE: "node" } });
  const ask = async (claims: Record<string, string>) => {
    const token = await service.identity.token(service.analyses[0], { claims });
    return (await fetch(`${service.url}/local/tags`, { headers: { authorization: `Bearer ${token}` } })).status;
  };
  expect(await ask({ iss: "https://idp.example", aud: "node" })).toBe(200);
  expect(await ask({ iss: "https://other.example", aud: "node" })).toBe(403);
  expect(await ask({ iss: "https://idp.example", aud: "other" })).toBe(403);
  expect(await ask({})).toBe(403);
  await service.stop();
});

test("the claim that names the analysis can be another one", async () => {
  const service = await startTestService({ env: { OIDC__CLIENT_ID_CLAIM_NAME: "azp" } });
  const token = await service.identity.token("ignored", { claims: { azp: service.analyses[0] } });
  const response = await fetch(`${service.url}/local/tags`, { headers: { authorization: `Bearer ${token}` } });
  expect(response.status).toBe(200);
  await service.stop();
});

test("without keys and with the provider away the answer is 502", async () => {
  const service = await startTestService();
  service.identity.fault = "refuse";
  const response = await service.fetch("1", "/local/tags");
  expect([response.status, await response.json()]).toEqual([502, { detail: "Auth provider is unavailable" }]);
  await service.stop();
});

test("a key the provider has just begun to use is fetched once", async () => {
  const service = await startTestService();
  expect((await service.fetch("1", "/local/tags")).status).toBe(200);
  const before = service.identity.requests["/certs"];
  const foreign = await service.identity.token(service.analyses[0], { header: { kid: "unknown" } });
  const flood = await Promise.all(
    Array.from({ length: 50 }, () =>
      fetch(`${service.url}/local/tags`, { headers: { authorization: `Bearer ${foreign}` } }),
    ),
  );
  expect(new Set(flood.map(({ status }) => status))).toEqual(new Set([403]));
  expect((service.identity.requests["/certs"] ?? 0) - (before ?? 0)).toBeLessThanOrEqual(1);
  await service.stop();
});
