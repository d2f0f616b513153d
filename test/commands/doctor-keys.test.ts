import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { generateKeyPairSync, type KeyObject } from "node:crypto";
import { startTestService, type TestService } from "../support/service.ts";
import { examine } from "./examine.ts";

const jwkOf = (key: KeyObject, more = {}) => ({ ...key.export({ format: "jwk" }), ...more });
const rsa = generateKeyPairSync("rsa", { modulusLength: 2048 });
const weak = jwkOf(generateKeyPairSync("rsa", { modulusLength: 1024 }).publicKey, { use: "sig", alg: "RS256" });
const p384 = jwkOf(generateKeyPairSync("ec", { namedCurve: "P-384" }).publicKey);
const shared = { kty: "oct", k: "AAAA" };
const good = jwkOf(rsa.publicKey);
const forEncryption = { ...good, use: "enc", alg: "RSA-OAEP" };
const damaged = { kty: "RSA", n: "!!", e: "x", use: "sig" };

describe("the doctor, looking at a key set", () => {
  let service: TestService;
  let keys: unknown[] = [];
  const provider = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: () => Response.json({ keys }) });
  const url = `http://127.0.0.1:${provider.port}/certs`;
  beforeAll(async () => {
    service = await startTestService();
  });
  afterAll(async () => {
    await provider.stop(true);
    await service.stop();
  });

  async function judge(set: unknown[], algorithms = "RS256") {
    keys = set;
    const { checks } = await examine({ ...service.environment, OIDC__CERTS_URL: url, OIDC__ALGORITHMS: algorithms });
    const { status, message, remedy = "" } = checks.find(({ check }) => check === "token keys") ?? {};
    return `${status}: ${message}. ${remedy}`;
  }

  test.each([
    ["a weak one", weak],
    ["a private one", jwkOf(rsa.privateKey)],
    ["a shared secret", shared],
    ["one for encryption", forEncryption],
    ["one whose operations are others", { ...good, key_ops: ["encrypt"] }],
    ["one of another algorithm", { ...good, alg: "RS512" }],
    ["a damaged one", damaged],
    ["one of another kind", p384],
  ])("does not count %s, which spoils no good one either", async (_, jwk) => {
    expect(await judge([jwk, good])).toStartWith(`ok: ${url} has 1 key that can verify a token`);
    expect(await judge([jwk])).toStartWith("failed: ");
  });

  test.each<[string, unknown[], string, RegExp]>([
    [
      "another algorithm",
      [{ ...good, alg: "RS512" }],
      "RS256",
      /no key for RS256, but keys for RS512\. Set OIDC__ALGO/,
    ],
    ["weak keys alone", [weak], "RS256", /too weak\. Have the identity provider sign with .* 2048 bits or more/],
    ["another curve", [p384], "ES256", /no key for ES256 .*on another curve.*\. Have the identity provider sign/],
    ["private keys alone", [jwkOf(rsa.privateKey), shared], "RS256", /no public key, only what must not be published/],
    ["no key", [], "RS256", /the key set holds no key\. Check OIDC__CERTS_URL/],
  ])("says what is wrong with %s", async (_, set, algorithms, told) => {
    expect(await judge(set, algorithms)).toMatch(told);
  });

  test("takes any of several algorithms", async () => {
    expect(await judge([p384, weak], "RS256,ES384")).toContain("has 1 key that can verify");
    expect(await judge([good], "PS256,RS512")).toContain("has 1 key that can verify");
  });

  test("finds the key set of the issuer where its own URL leads to none", async () => {
    const env = { OIDC__CERTS_URL: `${service.identityUrl}/nothing`, OIDC__ISSUER: service.identityUrl };
    const { text } = await examine({ ...service.environment, ...env });
    expect(text).toContain(`names ${service.identityUrl}/certs: set OIDC__CERTS_URL to it`);
  });

  test("takes a page for no key set", async () => {
    const page = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: () => new Response("<html>") });
    const { text } = await examine({ ...service.environment, OIDC__CERTS_URL: page.url.href });
    await page.stop(true);
    expect(text).toContain("the answer is not a JSON Web Key Set, nor JSON at all. Check OIDC__CERTS_URL");
  });
});
