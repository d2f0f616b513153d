import { beforeEach, describe, expect, test } from "bun:test";
import { exportJWK, generateKeyPair, type JWK, SignJWT } from "jose";
import { AppError } from "../../src/errors.ts";
import { createJwtAuthenticator } from "../../src/identity/jwt-authenticator.ts";
import { createRemoteKeys } from "../../src/identity/remote-keys.ts";
import { startRawServer } from "../hub/transport/raw-server.ts";
import { createTestLog } from "../support/log.ts";

const client = "20000000-0000-4000-8000-000000000001";

interface SigningKey {
  readonly jwk: JWK;
  sign(header?: { kid?: string }): Promise<string>;
}

async function createKey(extra: Partial<JWK> = {}): Promise<SigningKey> {
  const { publicKey, privateKey } = await generateKeyPair("RS256");
  return {
    jwk: { ...(await exportJWK(publicKey)), ...extra },
    sign: (header = {}) => {
      const jwt = new SignJWT({ client_id: client }).setIssuedAt().setExpirationTime("10y");
      return jwt.setProtectedHeader({ alg: "RS256", ...header }).sign(privateKey);
    },
  };
}

describe("keys kept from the identity provider", () => {
  let time: number;
  let answers: (() => Response | Promise<Response>)[];
  let requests: number;

  beforeEach(() => {
    time = Date.now();
    answers = [];
    requests = 0;
  });

  function serve(...keys: JWK[]): () => Response {
    return () => Response.json({ keys });
  }

  function authenticator() {
    const keys = createRemoteKeys({
      url: "http://idp.test/certs",
      now: () => time,
      log: createTestLog().log,
      fetch: async () => {
        requests += 1;
        const answer = answers.length > 1 ? answers.shift() : answers[0];
        if (answer === undefined) throw new Error("refused");
        return await answer();
      },
    });
    const judge = createJwtAuthenticator({ keys, now: () => time, clientIdClaim: "client_id", algorithms: ["RS256"] });
    return async (token: string) => {
      try {
        return await judge.authenticate(`Bearer ${token}`);
      } catch (error) {
        if (error instanceof AppError) return error.code;
        throw error;
      }
    };
  }

  test("one request serves all who wait for it", async () => {
    const key = await createKey({ kid: "k" });
    answers = [async () => Bun.sleep(20).then(serve(key.jwk))];
    const judge = authenticator();
    const token = await key.sign({ kid: "k" });
    expect(await Promise.all(Array.from({ length: 20 }, () => judge(token)))).toEqual(Array(20).fill(client));
    expect(requests).toBe(1);
  });

  test("ten minutes later they are fetched again, and the old ones serve while the provider is away", async () => {
    const key = await createKey({ kid: "k" });
    const judge = authenticator();
    const token = await key.sign({ kid: "k" });
    answers = [serve(key.jwk)];
    await judge(token);
    time += 599_000;
    await judge(token);
    expect(requests).toBe(1);
    time += 2_000;
    answers = [];
    expect(await judge(token)).toBe(client);
    expect(requests).toBe(2);
    // Within five seconds after a failure it is not tried again.
    time += 4_000;
    expect(await judge(token)).toBe(client);
    expect(requests).toBe(2);
    time += 2_000;
    answers = [serve(key.jwk)];
    expect(await judge(token)).toBe(client);
    expect(requests).toBe(3);
  });

  test("a provider that falls silent is waited for once, then the old keys serve at once", async () => {
    const key = await createKey({ kid: "k" });
    answers = [serve(key.jwk)];
    const judge = authenticator();
    const token = await key.sign({ kid: "k" });
    await judge(token);
    time += 601_000;
    let fail = (_: Error) => {};
    answers = [() => new Promise((_, reject) => (fail = reject))];
    const first = judge(token);
    await Bun.sleep(5);
    fail(new Error("timeout"));
    expect(await first).toBe(client);
    time += 6_000;
    expect(await judge(token)).toBe(client);
    expect(await judge(token)).toBe(client);
    expect(requests).toBe(3);
    answers = [serve(key.jwk)];
    fail(new Error("timeout"));
  });

  test.each([
    ["garbage", () => new Response("<html>")],
    ["JSON without keys", () => Response.json({ error: "x" })],
    ["a set without keys", () => Response.json({ keys: [] })],
    ["a set of what is no key", () => Response.json({ keys: [null, "x", {}] })],
    ["an error", () => new Response("", { status: 500 })],
    ["two megabytes", () => new Response("x".repeat(2_000_000))],
  ])("%s instead of keys is as good as no answer", async (_, answer) => {
    answers = [answer];
    const key = await createKey();
    const judge = authenticator();
    expect(await judge(await key.sign())).toBe("auth_provider_unavailable");
    time += 6_000;
    answers = [serve(key.jwk)];
    expect(await judge(await key.sign())).toBe(client);
  });

  test("an unknown key is looked for once in 30 seconds", async () => {
    const [old, fresh] = [await createKey({ kid: "old" }), await createKey({ kid: "fresh" })];
    answers = [serve(old.jwk)];
    const judge = authenticator();
    await judge(await old.sign({ kid: "old" }));
    time += 31_000;
    const token = await fresh.sign({ kid: "fresh" });
    for (let round = 0; round < 10; round++) expect(await judge(token)).toBe("token_rejected");
    expect(requests).toBe(2);
    time += 31_000;
    answers = [serve(old.jwk, fresh.jwk)];
    expect(await judge(token)).toBe(client);
    expect(requests).toBe(3);
  });

  test("a set without keys does not take the place of one with keys", async () => {
    const key = await createKey({ kid: "k" });
    answers = [serve(key.jwk)];
    const judge = authenticator();
    const token = await key.sign({ kid: "k" });
    await judge(token);
    time += 601_000;
    answers = [serve()];
    expect(await judge(token)).toBe(client);
    expect(requests).toBe(2);
  });

  test("an unknown key that could not be looked for is looked for again after five seconds", async () => {
    const [old, fresh] = [await createKey({ kid: "old" }), await createKey({ kid: "fresh" })];
    answers = [serve(old.jwk)];
    const judge = authenticator();
    await judge(await old.sign({ kid: "old" }));
    time += 31_000;
    answers = [];
    const token = await fresh.sign({ kid: "fresh" });
    for (let round = 0; round < 10; round++) expect(await judge(token)).toBe("token_rejected");
    expect(requests).toBe(2);
    time += 6_000;
    answers = [serve(old.jwk, fresh.jwk)];
    expect(await judge(token)).toBe(client);
    expect(requests).toBe(3);
  });

  test("tokens and keys may come without kid, and several keys may fit", async () => {
    const keys = [await createKey(), await createKey(), await createKey({ kid: "named" })];
    answers = [serve(...keys.map(({ jwk }) => jwk))];
    const judge = authenticator();
    for (const key of keys) expect(await judge(await key.sign())).toBe(client);
    expect(await judge((await keys[0]?.sign({ kid: "not published" })) ?? "")).toBe(client);
    expect(await judge((await keys[2]?.sign({ kid: "other" })) ?? "")).toBe("token_rejected");
  });

  test("a key for encryption, for another algorithm or for signing only is not used", async () => {
    for (const extra of [{ use: "enc" }, { alg: "RS512" }, { key_ops: ["sign"] }]) {
      const key = await createKey(extra);
      answers = [serve(key.jwk)];
      expect(await authenticator()(await key.sign())).toBe("token_rejected");
    }
  });

  test("a broken key beside a good one does no harm", async () => {
    const key = await createKey();
    answers = [serve({ kty: "RSA", n: "!", e: "AQAB" }, { kty: "RSA" }, key.jwk)];
    expect(await authenticator()(await key.sign())).toBe(client);
  });
});

test("a connection that is broken off is told in a sentence for operators, not for programmers", async () => {
  const server = await startRawServer((socket) => socket.destroy());
  const { log, lines } = createTestLog();
  const keys = createRemoteKeys({ url: server.url, now: Date.now, log, fetch });
  await keys.get().catch(() => {});
  server.stop();
  const told = lines.find(({ event }) => event === "jwks.failed");
  expect(told?.fields).toMatchObject({ reason: "ECONNRESET: The socket connection was closed unexpectedly." });
});
