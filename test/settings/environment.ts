import { expect } from "bun:test";
import { generateKeyPair } from "../../src/crypto/keys.ts";
import type { Environment, ReadTextFile } from "../../src/settings/environment.ts";
import { parseSettings } from "../../src/settings/load.ts";

export const KEY_PEM = generateKeyPair("P-384").privatePem;

/** The least a node on PostgreSQL and an object store has to set. */
export const NODE: Environment = {
  HUB__AUTH__FLOW: "client",
  HUB__AUTH__ID: "6f0cdb0c-9fd3-4ae6-8c84-1f6b8e1d2a11",
  HUB__AUTH__SECRET: "hub-secret",
  MINIO__ENDPOINT: "minio:9000",
  MINIO__ACCESS_KEY: "store-access",
  MINIO__SECRET_KEY: "store-secret",
  MINIO__BUCKET: "flame",
  POSTGRES__HOST: "postgres",
  POSTGRES__USER: "flame",
  POSTGRES__PASSWORD: "pg-secret",
  POSTGRES__DB: "flame",
  OIDC__CERTS_URL: "https://id.example/certs",
  CRYPTO__PROVIDER: "raw",
  CRYPTO__ECDH_PRIVATE_KEY: KEY_PEM,
};

/** Reads from a record of path and text; anything else is missing. */
export function filesystem(files: Readonly<Record<string, string>>): ReadTextFile {
  return (path) => {
    const text = files[path];
    if (text === undefined) throw Object.assign(new Error(`ENOENT: ${path}`), { code: "ENOENT" });
    return text;
  };
}

const noFiles = filesystem({});

export function accepted(environment: Environment, readTextFile = noFiles) {
  const parsed = parseSettings(environment, readTextFile);
  expect(parsed.problems ?? []).toEqual([]);
  if (!parsed.settings) throw new Error("settings were refused");
  return { settings: parsed.settings, warnings: parsed.warnings };
}

export const problems = (environment: Environment, readTextFile = noFiles) =>
  parseSettings(environment, readTextFile).problems ?? [];
