import { describe, expect, test } from "bun:test";
import { generateKeyPairSync } from "node:crypto";
import fc from "fast-check";
import type { Environment } from "../../src/settings/environment.ts";
import { SETTINGS } from "../../src/settings/list.ts";
import { parseSettings } from "../../src/settings/load.ts";
import type { Setting } from "../../src/settings/setting.ts";
import { filesystem, KEY_PEM, NODE } from "./environment.ts";

const noFiles = filesystem({});

function accepted(environment: Environment, readTextFile = noFiles) {
  const parsed = parseSettings(environment, readTextFile);
  expect(parsed.problems ?? []).toEqual([]);
  if (!parsed.settings) throw new Error("settings were refused");
  return { settings: parsed.settings, warnings: parsed.warnings };
}

const problems = (environment: Environment, readTextFile = noFiles) =>
  parseSettings(environment, readTextFile).problems ?? [];

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

describe("what must not be taken for something else", () => {
  test.each(["HUB__CORE_BASE_URL", "HUB__STORAGE_BASE_URL", "HUB__AUTH_BASE_URL"])(
    "an empty %s is a problem, not the Hub that everybody uses",
    (name) => {
      for (const empty of ["", "  "]) {
        expect(problems({ ...NODE, [name]: empty })).toEqual([expect.stringContaining(`${name} is set, but empty`)]);
      }
    },
  );

  test.each(["http://user:100%sure@proxy:3128", "http://user:p%@proxy:3128", "http://user:%zz@proxy:3128"])(
    "a raw %% in the proxy's %s is refused with advice, and not shown",
    (url) => {
      const [problem, ...others] = problems({ ...NODE, PROXY__HTTP_URL: url });
      expect(problem).toMatch(/^PROXY__HTTP_URL .*%25/);
      expect(problem).not.toContain("sure");
      expect(others).toEqual([]);
    },
  );

  const pem = (type: "pkcs1" | "pkcs8", cipher?: { cipher: string; passphrase: string }) =>
    generateKeyPairSync("rsa", { modulusLength: 2048 })
      .privateKey.export({ format: "pem", type, ...cipher })
      .toString();
  test.each([
    ["RSA", pem("pkcs8"), /key of type rsa/],
    ["RSA's own form", pem("pkcs1"), /RSA PRIVATE KEY|must be a private key/],
    ["encrypted", pem("pkcs8", { cipher: "aes-256-cbc", passphrase: "p" }), /passphrase|must be a private key/],
    ["cut", `${KEY_PEM.slice(0, 90)}\n-----END PRIVATE KEY-----\n`, /cannot be decoded/],
    ["cut at its end", KEY_PEM.slice(0, 120), /no PEM text/],
  ])("a private key that is %s is a problem beside all others, by value and by file", (_, key, reason) => {
    const others = { ...NODE, SERVER__PORT: "x" };
    const byValue = problems({ ...others, CRYPTO__ECDH_PRIVATE_KEY: key });
    expect(byValue).toHaveLength(2);
    expect(byValue.join()).toMatch(reason);
    const inFile = { ...others, CRYPTO__PROVIDER: "file", CRYPTO__ECDH_PRIVATE_KEY_PATH: "/k" };
    const byFile = problems(inFile, filesystem({ "/k": key }));
    expect(byFile).toEqual([expect.stringContaining("SERVER__PORT"), expect.stringContaining("CRYPTO__ECDH")]);
    expect([...byValue, ...byFile].join()).not.toContain(key.split("\n")[1]);
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

describe("values", () => {
  test.each(["CRYPTO__FRAMING", "CRYPTO__ACCEPT"])(
    "%s=bound needs this node's id, given or to be looked up",
    (name) => {
      const { HUB__AUTH__ID: _, HUB__AUTH__SECRET: __, ...rest } = NODE;
      const signIn = { HUB__AUTH__FLOW: "password", HUB__AUTH__USERNAME: "node", HUB__AUTH__PASSWORD: "hunter2" };
      const password = { ...rest, ...signIn, [name]: "bound" };
      expect(problems(password)).toEqual([expect.stringMatching(new RegExp(`^${name} .*HUB__NODE_ID`))]);
      expect(problems({ ...password, HUB__NODE_ID: "6f0cdb0c-9fd3-4ae6-8c84-1f6b8e1d2a1f" })).toEqual([]);
      expect(problems({ ...NODE, [name]: "bound" })).toEqual([]);
    },
  );

  test.each([
    ["1", true],
    ["true", true],
    ["YES", true],
    ["on", true],
    ["0", false],
    ["False", false],
    ["no", false],
    ["OFF", false],
  ])("%s is %p as a switch", (text, value) => {
    expect(accepted({ ...NODE, FINAL__QUEUE: text }).settings.final.queue).toBe(value);
  });

  test.each([
    ["HUB__CORE_BASE_URL", "core.privateaim.net"],
    ["HUB__CORE_BASE_URL", "ftp://core.example"],
    ["HUB__CORE_BASE_URL", "https:core.example"],
    ["HUB__CORE_BASE_URL", "https://core.example/?a=1"],
    ["HUB__AUTH_BASE_URL", "https://user:word@auth.example"],
    ["OIDC__CERTS_URL", "file:///etc/passwd"],
    ["HUB__NODE_ID", "node-1"],
    ["HUB__NODE_ID", "6f0cdb0c-9fd3-4ae6-8c84-1f6b8e1d2a1"],
    ["HUB__CACHE_SECONDS", "-1"],
    ["HUB__CACHE_SECONDS", "1.5"],
    ["SERVER__PORT", "65536"],
    ["POSTGRES__PORT", "0"],
    ["POSTGRES__HOST", "postgres://host"],
    ["CHUNK_SIZE", "4095"],
    ["CHUNK_SIZE", "1e6"],
    ["CHUNK_SIZE", "99999999999"],
    ["SERVER__MAX_UPLOAD_BYTES", "9007199254740993"],
    ["SERVER__PUBLIC_URL", "https://node.example/local"],
    ["MINIO__ENDPOINT", "minio:9000/bucket"],
    ["MINIO__ENDPOINT", "minio:99999"],
    ["MINIO__BUCKET", "a/b"],
    ["MINIO__ACCESS_KEY", "two words"],
    ["MINIO__ACCESS_KEY", "one,two"],
    ["MINIO__ACCESS_KEY", "schlüssel"],
    ["SERVER__UPLOADS_AT_ONCE", "0"],
    ["OIDC__ALGORITHMS", "HS256"],
    ["OIDC__ALGORITHMS", "RS256,none"],
    ["OIDC__ALGORITHMS", "RS256,"],
    ["CRYPTO__FRAMING", "double"],
    ["CRYPTO__ECDH_PRIVATE_KEY", "-----BEGIN PUBLIC KEY-----"],
    ["PROXY__HTTP_URL", "proxy.example:3128"],
    ["PROXY__HTTPS_URL", "socks5://proxy.example"],
    ["LOG__LEVEL", "loud"],
  ])("%s=%s is refused by name", (name, text) => {
    const found = problems({ ...NODE, [name]: text });
    expect(found).toHaveLength(1);
    expect(found[0]).toStartWith(`${name} must `);
  });

  test("an endpoint with a scheme is told where the scheme belongs", () => {
    expect(problems({ ...NODE, MINIO__ENDPOINT: "https://minio:9000" })[0]).toContain("MINIO__USE_SSL");
    expect(accepted({ ...NODE, MINIO__USE_SSL: "1" }).settings.storage).toMatchObject({
      s3: { endpointUrl: "https://minio:9000" },
    });
  });

  test("base URLs keep their path and lose a trailing slash", () => {
    const { settings } = accepted({ ...NODE, HUB__CORE_BASE_URL: "http://127.0.0.1:3000/core/" });
    expect(settings.hub.coreBaseUrl).toBe("http://127.0.0.1:3000/core");
  });

  test.each([
    "6F0CDB0C9FD34AE68C841F6B8E1D2A11",
    "{6f0cdb0c-9fd3-4ae6-8c84-1f6b8e1d2a11}",
    "urn:uuid:6f0cdb0c-9fd3-4ae6-8c84-1f6b8e1d2a11",
  ])("a node id may be written as %s", (text) => {
    expect(accepted({ ...NODE, HUB__NODE_ID: text }).settings.hub.nodeId).toBe("6f0cdb0c-9fd3-4ae6-8c84-1f6b8e1d2a11");
  });

  test("several asymmetric algorithms may be listed", () => {
    expect(accepted({ ...NODE, OIDC__ALGORITHMS: "RS256, ES384" }).settings.oidc.algorithms).toEqual([
      "RS256",
      "ES384",
    ]);
  });

  test("a literal \\n in a raw key is a line break", () => {
    const { settings } = accepted({ ...NODE, CRYPTO__ECDH_PRIVATE_KEY: KEY_PEM.replaceAll("\n", "\\n") });
    expect(settings.crypto.key.pem).toBe(KEY_PEM);
  });

  test("one proxy serves both schemes, two serve their own", () => {
    const http = "http://u:p%40ss@proxy.example:3128";
    expect(accepted({ ...NODE, PROXY__HTTP_URL: `${http}/` }).settings.proxy).toEqual({
      httpUrl: http,
      httpsUrl: http,
    });
    const both = { PROXY__HTTP_URL: http, PROXY__HTTPS_URL: "http://other.example" };
    expect(accepted({ ...NODE, ...both }).settings.proxy).toEqual({ httpUrl: http, httpsUrl: "http://other.example" });
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
});
