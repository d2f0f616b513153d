import { describe, expect, test } from "bun:test";
import { generateKeyPairSync } from "node:crypto";
import { accepted, filesystem, KEY_PEM, NODE, problems } from "./environment.ts";

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
    ["RSA's own form", pem("pkcs1"), /found a PEM "RSA PRIVATE KEY"/],
    ["encrypted", pem("pkcs8", { cipher: "aes-256-cbc", passphrase: "p" }), /protected by a passphrase/],
    ["cut", `${KEY_PEM.slice(0, 90)}\n-----END PRIVATE KEY-----\n`, /cannot be decoded/],
    ["cut at its end", KEY_PEM.slice(0, 120), /a PEM text without its end/],
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

  test.each(["raw", "hkdf"] as const)("the derivation of keys may be %s", (way) => {
    expect(accepted({ ...NODE, CRYPTO__KEY_DERIVATION: way }).settings.crypto.keyDerivation).toBe(way);
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
