import { describe, expect, test } from "bun:test";
import { describeSettings } from "../../src/settings/describe.ts";
import type { Environment } from "../../src/settings/environment.ts";
import { SETTINGS } from "../../src/settings/list.ts";
import { parseSettings } from "../../src/settings/load.ts";
import type { Setting } from "../../src/settings/setting.ts";
import { filesystem, KEY_PEM, NODE } from "./environment.ts";

const secretNames = Object.entries<Setting>(SETTINGS).flatMap(([name, setting]) => (setting.secret ? [name] : []));

const PASSWORD_FLOW: Environment = {
  ...NODE,
  HUB__AUTH__FLOW: "password",
  HUB__AUTH__USERNAME: "node",
  HUB__AUTH__PASSWORD: "hub-password",
  OPERATOR__OIDC_ISSUER: "https://id.example",
  OPERATOR__OIDC_CLIENT_ID: "console",
  OPERATOR__OIDC_CLIENT_SECRET: "console-secret",
  HUB__NODE_ID: "6f0cdb0c-9fd3-4ae6-8c84-1f6b8e1d2a11",
  PROXY__HTTP_URL: "http://proxy-user:proxy-word@proxy.example:3128",
  PROXY__HTTPS_URL: "http://proxy-user:proxy-word@proxy.example:3129",
};

describe("secrets in files", () => {
  test.each(secretNames)("%s may be read from a file", (name) => {
    const environment = name === "HUB__AUTH__SECRET" ? NODE : PASSWORD_FLOW;
    const { [name]: secret = "", ...rest } = environment;
    expect(secret).not.toBe("");
    const direct = parseSettings(environment, filesystem({}));
    const fromFile = parseSettings(
      { ...rest, [`${name}_FILE`]: "/run/secret" },
      filesystem({ "/run/secret": `${secret}\n` }),
    );
    expect(fromFile.problems).toBeUndefined();
    expect(fromFile).toEqual(direct);
  });

  test.each([
    ["word\n", "word"],
    ["word\r\n", "word"],
    ["word\n\n", "word\n"],
    [" word", " word"],
    ["word", "word"],
  ])("of %j the secret is %j: one trailing newline is stripped and nothing else", (text, secret) => {
    const { POSTGRES__PASSWORD: _, ...rest } = NODE;
    const parsed = parseSettings({ ...rest, POSTGRES__PASSWORD_FILE: "/pw" }, filesystem({ "/pw": text }));
    expect(parsed.settings?.storage).toMatchObject({ postgres: { password: secret } });
  });

  test("a secret and its file together are a problem", () => {
    const parsed = parseSettings({ ...NODE, POSTGRES__PASSWORD_FILE: "/pw" }, filesystem({ "/pw": "pg-secret" }));
    expect(parsed.problems).toEqual([expect.stringContaining("POSTGRES__PASSWORD and POSTGRES__PASSWORD_FILE")]);
  });

  test.each([
    ["missing", {}],
    ["empty", { "/pw": "\n" }],
  ])("a file that is %s is one problem that names it", (_, files) => {
    const { POSTGRES__PASSWORD: __, ...rest } = NODE;
    const parsed = parseSettings({ ...rest, POSTGRES__PASSWORD_FILE: "/pw" }, filesystem(files));
    expect(parsed.problems).toEqual([expect.stringMatching(/^POSTGRES__PASSWORD_FILE .*\/pw/)]);
  });
});

describe("what is shown", () => {
  const canaries = ["hub-secret", "hub-password", "store-access", "store-secret", "pg-secret", "proxy-word", "MIG2AgE"];

  test("the description for the log holds no secret, but everything else", () => {
    for (const environment of [NODE, PASSWORD_FLOW]) {
      const { settings } = parseSettings(environment, filesystem({}));
      if (!settings) throw new Error("settings were refused");
      const described = describeSettings(settings);
      for (const canary of canaries) expect(JSON.stringify(described)).not.toContain(canary);
      expect(described).toMatchObject({ "storage.s3.bucket": "flame", "server.port": 8080, "final.queue": true });
    }
  });

  test("problems and warnings never repeat a secret", () => {
    const broken: Record<string, string> = {
      CRYPTO__ECDH_PRIVATE_KEY: KEY_PEM.replace("BEGIN", "BEGUN"),
      PROXY__HTTP_URL: "ftp://proxy-user:proxy-word@proxy.example",
      HUB__CORE_BASE_URL: "https://node:hub-password/x@core.example",
      MINIO__ENDPOINT: "https://store-access:store-secret@minio:9000",
      POSTGRES__HOST: "postgres://flame:pg-secret@host/db",
      S3__SECRET_KEY: "another",
    };
    const { problems = [], warnings } = parseSettings({ ...PASSWORD_FLOW, ...broken }, filesystem({}));
    expect(problems).toHaveLength(Object.keys(broken).length);
    for (const canary of canaries) expect([...problems, ...warnings].join("\n")).not.toContain(canary);
  });
});
