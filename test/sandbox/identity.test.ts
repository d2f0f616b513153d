import { describe, expect, test } from "bun:test";
import { createRemoteJWKSet, jwtVerify } from "jose";
import { createSandboxIdentity, type SandboxIdentityOptions } from "../../src/sandbox/identity.ts";
import { textField } from "./serve-hub.ts";

const CLIENT = { id: "20000000-0000-4000-8000-000000000001", secret: "s&cret: 100%+" };

async function serveIdentity(options: Partial<SandboxIdentityOptions> = {}) {
  const identity = await createSandboxIdentity({ clients: [CLIENT], ...options });
  const server = Bun.serve({ port: 0, fetch: identity.fetch });
  const url = server.url.origin;
  return {
    identity,
    url,
    ask: (fields: Record<string, string>, headers: Record<string, string> = {}) =>
      fetch(`${url}/token`, { method: "POST", headers, body: new URLSearchParams(fields) }),
    verify: (token: string, options = {}) => jwtVerify(token, createRemoteJWKSet(new URL("/certs", url)), options),
    [Symbol.asyncDispose]: () => server.stop(true),
  };
}

test("the discovery document names issuer, key set and token endpoint of the origin that was asked", async () => {
  await using served = await serveIdentity();
  const { url } = served;
  const document = await (await fetch(`${url}/.well-known/openid-configuration`)).json();
  expect(document).toMatchObject({ issuer: url, jwks_uri: `${url}/certs`, token_endpoint: `${url}/token` });
});

test("tokens of the endpoint verify against the published keys and name their client", async () => {
  await using served = await serveIdentity({ tokenLifeSeconds: 120 });
  const answer = await served.ask({
    grant_type: "client_credentials",
    client_id: CLIENT.id,
    client_secret: CLIENT.secret,
  });
  const body: unknown = await answer.json();
  expect(body).toMatchObject({ token_type: "Bearer", expires_in: 120 });
  const { payload, protectedHeader } = await served.verify(textField(body, "access_token"), { issuer: served.url });
  expect(payload.client_id).toBe(CLIENT.id);
  expect((payload.exp ?? 0) - (payload.iat ?? 0)).toBe(120);
  expect(protectedHeader.alg).toBe("RS256");
});

test("credentials may come in the header", async () => {
  await using served = await serveIdentity();
  const encoded = btoa(`${encodeURIComponent(CLIENT.id)}:${encodeURIComponent(CLIENT.secret)}`);
  const answer = await served.ask({ grant_type: "client_credentials" }, { Authorization: `Basic ${encoded}` });
  expect(answer.status).toBe(200);
});

test.each([
  [401, "invalid_client", { grant_type: "client_credentials", client_id: CLIENT.id, client_secret: "wrong" }],
  [401, "invalid_client", { grant_type: "client_credentials", client_id: "nobody", client_secret: CLIENT.secret }],
  [400, "invalid_request", { grant_type: "client_credentials" }],
  [400, "unsupported_grant_type", { grant_type: "password" }],
])("refuses with %i %s", async (status, error, fields) => {
  await using served = await serveIdentity();
  const answer = await served.ask({ ...fields });
  expect([answer.status, await answer.json()]).toEqual([status, { error }]);
});

describe("tokens for tests", () => {
  test("take other claims, headers and life times", async () => {
    await using served = await serveIdentity({ issuer: "https://issuer.example" });
    const { identity, verify } = served;
    const usual = await verify(await identity.token("a"), { issuer: "https://issuer.example" });
    expect(usual.payload.client_id).toBe("a");
    const odd = await verify(await identity.token("a", { claims: { client_id: undefined, azp: "b" } }));
    expect(odd.payload).not.toHaveProperty("client_id");
    expect(odd.payload.azp).toBe("b");
    await expect(verify(await identity.token("a", { expiresInSeconds: -1 }))).rejects.toThrow('"exp" claim');
    await expect(verify(await identity.token("a", { header: { kid: "other" } }))).rejects.toThrow("no applicable key");
  });

  test("of an old key pair fail after rotation, those of the new one hold", async () => {
    await using served = await serveIdentity();
    const old = await served.identity.token("a");
    await served.identity.rotateKeys();
    await expect(served.verify(old)).rejects.toThrow("no applicable key");
    expect((await served.verify(await served.identity.token("a"))).payload.sub).toBe("a");
  });
});

test("faults can be set and lifted, and requests are counted by path", async () => {
  await using served = await serveIdentity();
  const certs = (init?: RequestInit) => fetch(`${served.url}/certs`, init);
  served.identity.fault = "refuse";
  expect((await certs()).status).toBe(500);
  served.identity.fault = "garbage";
  const garbage = await certs();
  expect(garbage.status).toBe(200);
  await expect(garbage.json()).rejects.toThrow();
  served.identity.fault = "hang";
  await expect(certs({ signal: AbortSignal.timeout(50) })).rejects.toThrow();
  while (served.identity.requests["/certs"] !== 3) await Bun.sleep(5);
  served.identity.fault = undefined;
  expect((await certs()).status).toBe(200);
  expect(served.identity.requests).toEqual({ "/certs": 4 });
});
