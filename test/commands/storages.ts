import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openObjectStore } from "../../src/app/storage.ts";
import { findStorage } from "../../src/commands/copy/open-end.ts";
import type { ObjectStore } from "../../src/objects/object-store.ts";
import { createTestDatabase } from "../support/postgres-database.ts";
import { createTestBucket } from "../support/s3.ts";

/** Removed by `dropScratch`. */
export const scratch = mkdtempSync(join(tmpdir(), "flame-copy-"));
export const dropScratch = () => rmSync(scratch, { recursive: true, force: true });
export const quiet = { debug() {}, info() {}, warn() {}, error() {} };
export const readFile = (path: string) => readFileSync(path, "utf8");

/** An empty storage of each kind, and what names it on the command line. */
export async function openEmpty(kind: "embedded" | "servers") {
  if (kind === "embedded") {
    const dir = join(scratch, crypto.randomUUID());
    return { given: dir, env: { DATA_DIR: dir }, drop: async () => {} };
  }
  const [database, bucket] = [await createTestDatabase(), await createTestBucket()];
  const { host, port, user, password, database: name } = database.settings;
  const env = {
    MINIO__ENDPOINT: new URL(bucket.endpoint).host,
    MINIO__ACCESS_KEY: bucket.accessKey,
    MINIO__SECRET_KEY: bucket.secretKey,
    MINIO__BUCKET: bucket.bucket,
    POSTGRES__HOST: host,
    POSTGRES__PORT: String(port),
    POSTGRES__USER: user,
    POSTGRES__PASSWORD: password || "unused",
    POSTGRES__DB: name,
  };
  const drop = async () => {
    await database.drop();
    await bucket.drop();
  };
  return { given: fileOf(env), env, drop };
}

/** Settings as a file. */
export function fileOf(env: Readonly<Record<string, string | undefined>>): string {
  // Another file's tests may have ended, and removed it.
  mkdirSync(scratch, { recursive: true });
  const path = join(scratch, `${crypto.randomUUID()}.env`);
  const lines = Object.entries(env).map(([name, value]) => `${name}='${value}'`);
  writeFileSync(path, `${lines.join("\n")}\n`);
  return path;
}

export function storeOf(given: string): ObjectStore {
  return openObjectStore(findStorage(given, {}, readFile), quiet);
}

/** Of each object, what clients see of it. */
export async function contentOf(store: ObjectStore) {
  const found: Record<string, unknown> = {};
  for await (const key of store.list("")) {
    const opened = await store.open(key);
    const body = opened === undefined ? "" : await new Response(opened.body).bytes();
    const sha256 = new Bun.CryptoHasher("sha256").update(body).digest("hex");
    found[key] = [opened?.info.contentType, opened?.info.filename, opened?.info.sizeBytes, sha256];
  }
  return found;
}
