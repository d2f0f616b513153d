import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { SETTINGS } from "../../src/settings/list.ts";
import { parseSettings } from "../../src/settings/load.ts";
import type { Setting } from "../../src/settings/setting.ts";
import { accepted, filesystem, KEY_PEM, NODE, problems } from "./environment.ts";

describe("defaults", () => {
  test("a node that sets only what is required gets every documented default and no warning", () => {
    const { settings, warnings } = accepted(NODE);
    expect(warnings).toEqual([]);
    expect(settings.hub).toEqual({
      coreBaseUrl: "https://core.privateaim.net",
      storageBaseUrl: "https://storage.privateaim.net",
      authBaseUrl: "https://auth.privateaim.net",
      auth: { flow: "client", id: "6f0cdb0c-9fd3-4ae6-8c84-1f6b8e1d2a11", secret: "hub-secret" },
      nodeId: undefined,
      cacheSeconds: 300,
    });
    expect(settings.storage).toEqual({
      kind: "s3+postgres",
      s3: {
        endpointUrl: "http://minio:9000",
        region: "us-east-1",
        bucket: "flame",
        accessKey: "store-access",
        secretKey: "store-secret",
      },
      postgres: {
        host: "postgres",
        port: 5432,
        user: "flame",
        password: "pg-secret",
        database: "flame",
        maxConnections: 20,
      },
    });
    expect(settings.oidc).toEqual({
      certsUrl: "https://id.example/certs",
      clientIdClaimName: "client_id",
      algorithms: ["RS256"],
      issuer: undefined,
      audience: undefined,
      skipJwtValidation: false,
    });
    expect(settings.crypto).toMatchObject({ framing: "segmented", chunkBytes: 1_048_576 });
    expect(settings.hubAdapterClientId).toBe("hub-adapter");
    expect(settings.proxy).toEqual({ httpUrl: undefined, httpsUrl: undefined });
    expect(settings.extraCaCerts).toBeUndefined();
    expect(settings.intermediate).toEqual({
      urlWithNodeId: true,
      anyAnalysis: false,
      requireEncryption: false,
      deleteAfterRead: false,
    });
    expect(settings.final).toEqual({ queue: true });
    expect(settings.submissions).toEqual({ waitSeconds: 30, retryMaxSeconds: 60, keepDays: 30 });
    expect(settings.server).toEqual({
      host: "0.0.0.0",
      port: 8080,
      publicUrl: undefined,
      maxUploadBytes: 0,
      uploadsAtOnce: undefined,
      shutdownSeconds: 30,
      docs: true,
      metrics: true,
      workers: 1,
    });
    expect(settings.log).toEqual({ level: "info", format: "json" });
  });

  test("an empty variable counts as not set", () => {
    const everyOptional = Object.entries<Setting>(SETTINGS).filter(
      ([name, { refusesEmpty }]) => NODE[name] === undefined && !refusesEmpty,
    );
    const empty = Object.fromEntries(everyOptional.map(([name]) => [name, ""]));
    expect(accepted({ ...NODE, ...empty }).settings).toEqual(accepted(NODE).settings);
    expect(problems({ ...NODE, OIDC__CERTS_URL: "" })).toEqual([expect.stringContaining("OIDC__CERTS_URL is not set")]);
  });
});

describe("what is required", () => {
  test("every problem is reported at once, by name", () => {
    const found = problems({ SERVER__PORT: "80a", FINAL__QUEUE: "maybe", HUB__AUTH__FLOW: "robot" });
    const names = found.map((problem) => problem.split(" ")[0]).toSorted();
    expect(names).toEqual([
      "CRYPTO__PROVIDER",
      "FINAL__QUEUE",
      "HUB__AUTH__ID",
      "HUB__AUTH__SECRET",
      "MINIO__ACCESS_KEY",
      "MINIO__BUCKET",
      "MINIO__ENDPOINT",
      "MINIO__SECRET_KEY",
      "OIDC__CERTS_URL",
      "POSTGRES__DB",
      "POSTGRES__HOST",
      "POSTGRES__PASSWORD",
      "POSTGRES__USER",
      "SERVER__PORT",
    ]);
  });

  test("DATA_DIR makes object store and PostgreSQL unnecessary", () => {
    const rest = Object.entries(NODE).filter(([name]) => !/^(MINIO|POSTGRES)__/.test(name));
    const { settings, warnings } = accepted({ ...Object.fromEntries(rest), DATA_DIR: "/var/lib/flame" });
    expect(settings.storage).toEqual({ kind: "directory", dataDir: "/var/lib/flame" });
    expect(warnings).toEqual([]);
  });

  test("DATA_DIR beside an object store and PostgreSQL wins, with a warning that names what is ignored", () => {
    const { settings, warnings } = accepted({ ...NODE, DATA_DIR: "/data" });
    expect(settings.storage.kind).toBe("directory");
    expect(warnings).toHaveLength(1);
    for (const name of Object.keys(NODE).filter((key) => /^(MINIO|POSTGRES)__/.test(key))) {
      expect(warnings[0]).toContain(name);
    }
  });

  test("DATA_DIR belongs to one process", () => {
    expect(problems({ ...NODE, DATA_DIR: "/data", SERVER__WORKERS: "2" })).toEqual([
      expect.stringContaining("SERVER__WORKERS"),
    ]);
  });

  test("several processes share a port on Linux only", () => {
    const environment = { ...NODE, SERVER__WORKERS: "2" };
    expect(parseSettings(environment, filesystem({}), "linux").settings?.server.workers).toBe(2);
    expect(parseSettings(environment, filesystem({}), "darwin").problems).toEqual([
      expect.stringContaining("SERVER__WORKERS must be 1"),
    ]);
    expect(parseSettings({ ...NODE, SERVER__WORKERS: "1" }, filesystem({}), "darwin").problems).toBeUndefined();
  });

  test("each sign-in flow asks for its own credentials", () => {
    const { HUB__AUTH__ID: _id, HUB__AUTH__SECRET: _secret, ...rest } = NODE;
    const named = (flow: string) =>
      problems({ ...rest, HUB__AUTH__FLOW: flow }).map((problem) => problem.split(" ")[0]);
    expect(named("password")).toEqual(["HUB__AUTH__USERNAME", "HUB__AUTH__PASSWORD"]);
    expect(named("robot")).toEqual(["HUB__AUTH__ID", "HUB__AUTH__SECRET"]);
    expect(named("client")).toEqual(["HUB__AUTH__ID", "HUB__AUTH__SECRET"]);
    expect(named("magic")).toEqual(["HUB__AUTH__FLOW"]);
    const password = { HUB__AUTH__FLOW: "password", HUB__AUTH__USERNAME: "node", HUB__AUTH__PASSWORD: "hunter2" };
    expect(accepted({ ...rest, ...password }).settings.hub.auth).toEqual({
      flow: "password",
      username: "node",
      password: "hunter2",
    });
  });
});

describe("files that settings name", () => {
  const byFile = { ...NODE, CRYPTO__PROVIDER: "file", CRYPTO__ECDH_PRIVATE_KEY_PATH: "/keys/node.pem" };

  test("the private key is read from its file", () => {
    const { settings } = accepted(byFile, filesystem({ "/keys/node.pem": KEY_PEM }));
    expect(settings.crypto.key).toEqual({ pem: KEY_PEM, source: "/keys/node.pem" });
  });

  test.each([
    ["missing", {}],
    ["empty", { "/keys/node.pem": "\n" }],
    ["not a key", { "/keys/node.pem": "hello" }],
  ])("a key file that is %s is a problem that names variable and file", (_, files) => {
    expect(problems(byFile, filesystem(files))).toEqual([
      expect.stringMatching(/^CRYPTO__ECDH_PRIVATE_KEY_PATH .*\/keys\/node\.pem/),
    ]);
  });

  test("extra certificate authorities are read, and must be some", () => {
    const environment = { ...NODE, EXTRA_CA_CERTS: "/ca.pem" };
    const damaged = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n";
    expect(problems(environment, filesystem({ "/ca.pem": damaged }))).toEqual([
      expect.stringContaining("no certificate that can be read"),
    ]);
    expect(problems(environment, filesystem({ "/ca.pem": KEY_PEM }))).toEqual([
      expect.stringContaining("no certificate"),
    ]);
  });
});

describe("other names", () => {
  test("every MINIO__ name may be written S3__", () => {
    const renamed = Object.entries({ ...NODE, MINIO__REGION: "eu-1", MINIO__USE_SSL: "1" });
    const s3 = Object.fromEntries(renamed.map(([name, text]) => [name.replace("MINIO__", "S3__"), text]));
    expect(accepted(s3)).toEqual(accepted(Object.fromEntries(renamed)));
  });

  test("what is wrong is told by the name that is set, and by the way of the others where none is", () => {
    const { MINIO__ENDPOINT: _, MINIO__BUCKET: __, ...rest } = NODE;
    const mixed = { ...rest, S3__ENDPOINT: "http://minio", MINIO__REGION: "a b" };
    expect(problems(mixed).map((problem) => problem.split(" ")[0])).toEqual(["S3__ENDPOINT", "MINIO__BUCKET"]);
    const renamed = Object.entries({ ...rest, MINIO__ENDPOINT: "http://minio", MINIO__SECRET_KEY: `"x"` });
    const other = Object.fromEntries(renamed.map(([name, text]) => [name.replace("MINIO__", "S3__"), text]));
    const { problems: found = [], warnings } = parseSettings(other, () => "");
    expect(found.map((problem) => problem.split(" ")[0])).toEqual(["S3__ENDPOINT", "S3__BUCKET"]);
    expect(found[0]).toContain("(S3__USE_SSL says which)");
    expect(warnings.join()).toStartWith("S3__SECRET_KEY is in quotes");
  });

  test("both spellings must agree", () => {
    expect(accepted({ ...NODE, S3__BUCKET: "flame" }).warnings).toEqual([]);
    const found = problems({ ...NODE, S3__BUCKET: "other" });
    expect(found).toHaveLength(1);
    expect(found[0]).toContain("MINIO__BUCKET and S3__BUCKET");
  });
});

test("whatever the environment holds, the answer is either settings or named problems", () => {
  const names = Object.keys(SETTINGS).flatMap((name) => [name, `${name}_FILE`, name.replace("MINIO__", "S3__")]);
  const value = fc.oneof(
    fc.string({ unit: "binary" }),
    fc.constantFrom("http://", "https://[", "a:b@c", "0", "-", "true"),
  );
  fc.assert(
    fc.property(fc.dictionary(fc.constantFrom(...names), value, { maxKeys: 8 }), (changes) => {
      const parsed = parseSettings({ ...NODE, ...changes }, filesystem({ "0": KEY_PEM }));
      if (parsed.settings) return;
      expect(parsed.problems.length).toBeGreaterThan(0);
      for (const problem of parsed.problems) expect(names).toContain(problem.split(" ")[0] ?? "");
    }),
  );
}, 30_000);
