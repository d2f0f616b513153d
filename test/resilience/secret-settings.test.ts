import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { isAvailable } from "../support/service.ts";
import { findSecrets, linesOfKey, password, type Secrets } from "./attack/secrets.ts";
import { startRefusingPostgres } from "./attack/stubs.ts";
import { launch, runOnce, startTarget, type Target } from "./attack/target.ts";

describe("a start that fails", () => {
  let target: Target;
  let stub: Awaited<ReturnType<typeof startRefusingPostgres>>;
  beforeAll(async () => {
    [target, stub] = await Promise.all([
      startTarget({ backend: isAvailable("servers") ? "servers" : "embedded" }),
      startRefusingPostgres(),
    ]);
  }, 60_000);
  afterAll(async () => {
    await stub?.stop();
    await target?.stop();
  }, 30_000);

  const key = () => target.environment.CRYPTO__ECDH_PRIVATE_KEY ?? "";
  /** Settings that are wrong, each with its needle. */
  const wrong: Record<string, () => Record<string, string>> = {
    "the database's password": () => ({
      POSTGRES__PORT: String(stub.port),
      POSTGRES__PASSWORD: password("wrong-postgres"),
    }),
    "the store's secret key": () => ({ MINIO__SECRET_KEY: password("wrong-store") }),
    "the Hub's secret": () => ({ HUB__AUTH__SECRET: password("wrong-hub") }),
    "the proxy's password": () => ({
      PROXY__HTTP_URL: `http://u:${encodeURIComponent(password("wrong-proxy"))}@127.0.0.1:1`,
    }),
    "a private key that is broken": () => ({ CRYPTO__ECDH_PRIVATE_KEY: key().replace(/\n.{8}/, "\nneedle-k") }),
    "a private key without its head": () => ({ CRYPTO__ECDH_PRIVATE_KEY: key().replace("BEGIN", "BEGUN") }),
    "a url with a password": () => ({ HUB__CORE_BASE_URL: "http://u:needle-url-1@127.0.0.1:1" }),
    "a proxy of another kind": () => ({ PROXY__HTTPS_URL: "socks5://u:needle-url-2@127.0.0.1:1" }),
    "an endpoint with keys": () => ({ MINIO__ENDPOINT: "http://k:needle-url-3@127.0.0.1:1" }),
    "a secret file that is missing": () => ({ HUB__AUTH__SECRET: "", HUB__AUTH__SECRET_FILE: "/nowhere/at/all" }),
    "a secret given twice": () => ({ HUB__AUTH__SECRET_FILE: "/nowhere", HUB__AUTH__SECRET: password("twice") }),
    "a name that is misspelt": () => ({
      HUB__AUTH__SECRETS: password("misspelt"),
      POSTGRES__PASSWORT: password("misspelt"),
    }),
  };

  test.each(Object.keys(wrong))(
    "by %s tells which setting, not what is in it",
    async (name) => {
      const given = wrong[name]?.() ?? {};
      const env = { ...target.environment, ...given, LOG__LEVEL: "debug", SERVER__PORT: "0" };
      const found: Secrets = {
        ...linesOfKey(key()),
        ...linesOfKey(given.CRYPTO__ECDH_PRIVATE_KEY ?? ""),
        ...Object.fromEntries(
          Object.entries(given).flatMap(([setting, value]) =>
            /needle/.exec(value) ? [[setting, /needle[^@\n]*/.exec(value)?.[0] ?? ""]] : [],
          ),
        ),
        "the store's secret key": target.environment.MINIO__SECRET_KEY ?? "only on servers",
        "the Hub's own secret": target.world.environment.HUB__AUTH__SECRET ?? "",
      };
      const texts = await Promise.all([
        startOnce(target, env),
        runOnce(target.program, ["doctor", "--json"], env),
        runOnce(target.program, ["migrate"], env),
      ]);
      for (const text of texts) {
        expect(text.length).toBeGreaterThan(0);
        expect(findSecrets(text, found)).toEqual([]);
      }
      if (name === "the database's password" && isAvailable("servers")) {
        // It was really sent, and refused.
        expect(stub.passwords).toContain(password("wrong-postgres"));
      }
    },
    60_000,
  );
});

/** What it says until it has ended, or has answered a request that needs the Hub. */
async function startOnce(target: Target, env: Record<string, string>): Promise<string> {
  try {
    const child = await launch(target.program, env);
    const headers = { authorization: `Bearer ${await target.world.token("3")}` };
    const answers = await Promise.all(
      ["/local/tags", "/readyz", `/intermediate/${crypto.randomUUID()}`].map((path) =>
        fetch(`${child.url}${path}`, { headers }).then((response) => response.text()),
      ),
    );
    await child.stop();
    return `${child.output()}${answers.join("\n")}`;
  } catch (error) {
    return String(error);
  }
}
