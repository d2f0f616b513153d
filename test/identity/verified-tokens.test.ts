import { beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { exportJWK, generateKeyPair, SignJWT } from "jose";
import { AppError } from "../../src/errors.ts";
import { createJwtAuthenticator } from "../../src/identity/jwt-authenticator.ts";
import type { RemoteKey } from "../../src/identity/remote-keys.ts";

const client = "20000000-0000-4000-8000-000000000001";
const minute = 60_000;

describe("a token that was verified before", () => {
  let pair: Awaited<ReturnType<typeof generateKeyPair>>;
  let time: number;
  let verifications: number;
  let keys: readonly RemoteKey[];

  beforeAll(async () => {
    pair = await generateKeyPair("RS256");
  });
  beforeEach(async () => {
    time = Date.now();
    verifications = 0;
    keys = await loadKeys();
  });

  /** The set as it comes anew from the provider; each use of its key is a signature verified. */
  async function loadKeys(): Promise<readonly RemoteKey[]> {
    const jwk = await exportJWK(pair.publicKey);
    const forAlgorithm = async () => {
      verifications += 1;
      return pair.publicKey;
    };
    return [{ jwk, forAlgorithm }];
  }

  function createJudge() {
    const judge = createJwtAuthenticator({
      keys: { get: async () => keys, refresh: async () => undefined },
      now: () => time,
      clientIdClaim: "client_id",
      algorithms: ["RS256"],
    });
    return (token: string) =>
      judge.authenticate(`Bearer ${token}`).catch((error: unknown) => {
        if (error instanceof AppError) return error.code;
        throw error;
      });
  }

  function sign(claims: { exp?: number; nbf?: number } = {}): Promise<string> {
    const seconds = Math.floor(time / 1000);
    const payload = { client_id: client, iat: seconds, exp: seconds + 300, ...claims };
    return new SignJWT(payload).setProtectedHeader({ alg: "RS256" }).sign(pair.privateKey);
  }

  test("is not verified again", async () => {
    const [judge, token] = [createJudge(), await sign()];
    for (let time = 0; time < 5; time++) expect(await judge(token)).toBe(client);
    expect(verifications).toBe(1);
  });

  test("is verified again by a new key set", async () => {
    const [judge, token] = [createJudge(), await sign()];
    await judge(token);
    keys = await loadKeys();
    expect(await judge(token)).toBe(client);
    expect(verifications).toBe(2);
    keys = [];
    expect(await judge(token)).toBe("token_rejected");
  });

  test("is judged anew once it has expired", async () => {
    const [judge, token] = [createJudge(), await sign()];
    await judge(token);
    time += 5.5 * minute;
    expect(await judge(token)).toBe(client); // within the leeway
    expect(verifications).toBe(2);
    time += minute;
    expect(await judge(token)).toBe("token_rejected");
  });

  test("is judged anew when the clock goes back", async () => {
    const [judge, token] = [createJudge(), await sign({ nbf: Math.floor(time / 1000) })];
    await judge(token);
    time -= 5 * minute;
    expect(await judge(token)).toBe("token_rejected");
  });

  test("vouches for no other: another signature, another payload", async () => {
    const [judge, token, other] = [createJudge(), await sign(), await sign({ exp: 9_999_999_999 })];
    await judge(token);
    const [head, body, signature] = token.split(".");
    const [, otherBody, otherSignature] = other.split(".");
    expect(await judge(`${head}.${body}.${otherSignature}`)).toBe("token_rejected");
    expect(await judge(`${head}.${otherBody}.${signature}`)).toBe("token_rejected");
    expect(await judge(token)).toBe(client);
  });

  test("is not remembered when it was refused", async () => {
    const [judge, token] = [createJudge(), await sign({ exp: Math.floor(time / 1000) - 3600 })];
    expect(await judge(token)).toBe("token_rejected");
    expect(await judge(token)).toBe("token_rejected");
    expect(verifications).toBe(2);
  });
});
