import { describe, expect, test } from "bun:test";
import { createPrivateKey, generateKeyPairSync, sign } from "node:crypto";
import { exportJWK, generateKeyPair, type JWK, SignJWT } from "jose";
import { reasonOf } from "../../src/errors.ts";
import { createJwtAuthenticator } from "../../src/identity/jwt-authenticator.ts";
import { createRemoteKeys } from "../../src/identity/remote-keys.ts";
import { createTestLog } from "../support/log.ts";

const client = "20000000-0000-4000-8000-000000000001";
const url = "https://idp.test/realms/flame/certs";

function judge(answer: (url: string) => Response) {
  const { log } = createTestLog();
  const keys = createRemoteKeys({ url, now: Date.now, log, fetch: async (url) => answer(url) });
  const options = { keys, now: Date.now, clientIdClaim: "client_id", algorithms: ["RS256"] };
  const { authenticate } = createJwtAuthenticator(options);
  return (token: string) => authenticate(`Bearer ${token}`).catch(reasonOf);
}

const good = await generateKeyPair("RS256", { extractable: true });
const goodJwk = await exportJWK(good.publicKey);
const claims = { client_id: client, iat: Math.floor(Date.now() / 1000), exp: Math.floor(Date.now() / 1000) + 600 };
const token = await new SignJWT(claims).setProtectedHeader({ alg: "RS256" }).sign(good.privateKey);

const leakedJwk = await exportJWK((await generateKeyPair("RS256", { extractable: true })).privateKey);
const weak = generateKeyPairSync("rsa", { modulusLength: 1024 });
const weakJwk = weak.publicKey.export({ format: "jwk" }) as JWK;

describe("a key that cannot judge is passed over, beside one that can", () => {
  test.each([
    ["RSA of 1024 bits", weakJwk],
    ["one for encryption", { ...goodJwk, use: "enc", kid: "x" }],
    ["one with its private half", leakedJwk],
    ["one with a prime of its private half", { ...goodJwk, kid: "p", p: "AQAB" }],
    ["one for signing with only", { ...goodJwk, kid: "s", key_ops: ["sign"] }],
    ["one of another algorithm", { ...goodJwk, kid: "o", alg: "RSA-OAEP-256" }],
    ["one of a kind that nobody knows", { kty: "XYZ", x: "AQAB" }],
    ["one without its numbers", { kty: "RSA" }],
    ["a shared secret", { kty: "oct", k: "c2VjcmV0" }],
    ["a damaged one", { kty: "RSA", n: "!", e: "AQAB" }],
  ] as [string, JWK][])("%s", async (_, odd) => {
    for (const keys of [
      [odd, goodJwk],
      [goodJwk, odd],
    ])
      expect(await judge(() => Response.json({ keys }))(token)).toBe(client);
  });
});

test("a token that a weak or a published private key has signed is refused", async () => {
  const input = token.split(".").slice(0, 2).join(".");
  const byWeak = `${input}.${sign("sha256", Buffer.from(input), createPrivateKey(weak.privateKey.export({ type: "pkcs8", format: "pem" }))).toString("base64url")}`;
  expect(await judge(() => Response.json({ keys: [weakJwk, goodJwk] }))(byWeak)).not.toBe(client);
  const published = await exportJWK(good.privateKey);
  expect(await judge(() => Response.json({ keys: [published] }))(token)).not.toBe(client);
});

describe("a redirect of the key set", () => {
  const redirect = (location: string) => new Response(null, { status: 302, headers: { location } });
  const keys = () => Response.json({ keys: [goodJwk] });

  test("is followed within the provider's own host", async () => {
    expect(await judge((asked) => (asked === url ? redirect("/other/certs") : keys()))(token)).toBe(client);
  });
  test.each(["https://evil.test/certs", "http://idp.test/certs", "https://idp.test:8443/certs", "//evil.test/certs"])(
    "is refused to %s",
    async (location) => {
      expect(await judge((asked) => (asked === url ? redirect(location) : keys()))(token)).toMatch(
        /redirects to another host/,
      );
    },
  );
  test("without end is given up", async () => {
    expect(await judge(() => redirect(url))(token)).toMatch(/redirects without end/);
  });
});
