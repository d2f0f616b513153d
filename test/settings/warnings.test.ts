import { describe, expect, test } from "bun:test";
import type { Environment } from "../../src/settings/environment.ts";
import { parseSettings } from "../../src/settings/load.ts";
import { filesystem, NODE } from "./environment.ts";

const warnings = (environment: Environment) => parseSettings(environment, filesystem({})).warnings;

describe("misspelt names", () => {
  test.each([
    ["HUB__AUTH__FLOWW", "HUB__AUTH__FLOW"],
    ["HUB__NODEID", "HUB__NODE_ID"],
    ["HUB_AUTH_FLOW", "HUB__AUTH__FLOW"],
    ["POSTGRES_PASSWORD", "POSTGRES__PASSWORD"],
    ["POSTGRES__PASWORD_FILE", "POSTGRES__PASSWORD_FILE"],
    ["OICD__ISSUER", "OIDC__ISSUER"],
    ["S3__BUKET", "S3__BUCKET"],
    ["server__port", "SERVER__PORT"],
    ["INTERMEDIATE__ANY_ANALYSES", "INTERMEDIATE__ANY_ANALYSIS"],
  ])("%s is taken for %s", (name, meant) => {
    const found = warnings({ ...NODE, [name]: "x" });
    expect(found).toHaveLength(1);
    expect(found[0]).toStartWith(`${name} is not a known setting`);
    expect(found[0]).toContain(`${meant}?`);
  });

  test.each(["PATH", "HOME", "HUB__SOMETHING_ELSE_ENTIRELY", "POSTGRES_SERVICE_HOST", "HTTP_PROXY", "LOGNAME", "DATA"])(
    "%s is left alone",
    (name) => {
      expect(warnings({ ...NODE, [name]: "x" })).toEqual([]);
    },
  );

  test("variables Kubernetes makes for a service named like a group are left alone", () => {
    expect(warnings({ ...NODE, POSTGRES_PORT: "tcp://10.0.0.1:5432" })).toEqual([]);
  });

  test("a file for something that is no secret is pointed out", () => {
    expect(warnings({ ...NODE, SERVER__HOST_FILE: "/x" })).toEqual([expect.stringContaining("SERVER__HOST_FILE")]);
  });

  test("misspelt names are pointed out beside problems, too", () => {
    const { HUB__AUTH__FLOW: flow, ...rest } = NODE;
    const parsed = parseSettings({ ...rest, HUB__AUTH_FLOW: flow }, filesystem({}));
    expect(parsed.problems).toHaveLength(1);
    expect(parsed.warnings).toEqual([expect.stringContaining("HUB__AUTH__FLOW?")]);
  });
});

describe("choices that are not safe or likely not meant", () => {
  test.each<[string, Environment]>([
    ["OIDC__SKIP_JWT_VALIDATION", { OIDC__SKIP_JWT_VALIDATION: "1" }],
    ["INTERMEDIATE__ANY_ANALYSIS", { INTERMEDIATE__ANY_ANALYSIS: "1" }],
    ["http://", { HUB__CORE_BASE_URL: "http://core.example" }],
    ["HUB__AUTH__ID", { HUB__AUTH__ID: "my-robot" }],
    ["HUB__AUTH__SECRET", { HUB__AUTH__SECRET: "word\n" }],
    ["HUB__NODE_ID", { HUB__AUTH__FLOW: "password", HUB__AUTH__USERNAME: "u", HUB__AUTH__PASSWORD: "p" }],
    [
      "lets nobody in as long as OPERATOR__ROLES",
      {
        OPERATOR__OIDC_ISSUER: "https://id.example",
        OPERATOR__OIDC_CLIENT_ID: "console",
        OPERATOR__CLIENT_IDS: "other",
      },
    ],
    [
      "everybody who can sign in there is an operator",
      {
        OPERATOR__OIDC_ISSUER: "https://id.example",
        OPERATOR__OIDC_CLIENT_ID: "console",
        OPERATOR__CLIENT_IDS: "console",
        OPERATOR__ROLES: "operator",
      },
    ],
    ["OPERATOR__ROLE_CLAIM is set, but without", { OPERATOR__ROLE_CLAIM: "roles" }],
  ])("%s is warned about once", (text, environment) => {
    expect(warnings({ ...NODE, ...environment })).toEqual([expect.stringContaining(text)]);
  });

  test("operators whom anybody can be by a made-up token are warned about", () => {
    const environment = { OIDC__SKIP_JWT_VALIDATION: "1", OPERATOR__CLIENT_IDS: "console" };
    expect(warnings({ ...NODE, ...environment })).toContainEqual(expect.stringContaining("by a made-up token"));
  });

  test("operators by role, who sign in or come with a token, are nothing to warn about", () => {
    const signIn = { OPERATOR__OIDC_ISSUER: "https://id.example", OPERATOR__OIDC_CLIENT_ID: "console" };
    expect(warnings({ ...NODE, ...signIn, OPERATOR__ROLES: "operator", OPERATOR__ROLE_CLAIM: "roles" })).toEqual([]);
  });

  test.each(["http://localhost:3000", "http://127.0.0.1", "http://[::1]:80/core", "https://core.example"])(
    "a Hub at %s is nothing to warn about",
    (url) => {
      expect(warnings({ ...NODE, HUB__CORE_BASE_URL: url })).toEqual([]);
    },
  );
});

test("a log that leaves out the record's seals is pointed out, where there is a record", () => {
  expect(warnings({ ...NODE, LOG__LEVEL: "warn" })).toEqual([]);
  expect(warnings({ ...NODE, LOG__LEVEL: "debug", RECORD__ENABLED: "1" })).toEqual([]);
  for (const more of [{ RECORD__ENABLED: "1" }, { RELEASE__REVIEW: "all" }]) {
    expect(warnings({ ...NODE, LOG__LEVEL: "warn", ...more })).toEqual([expect.stringContaining("record.sealed")]);
  }
});
