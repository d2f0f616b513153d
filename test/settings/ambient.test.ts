import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { findAmbientNames } from "../../src/settings/ambient.ts";
import { SETTINGS } from "../../src/settings/list.ts";
import { NODE } from "./environment.ts";

const ambient = {
  AWS_SESSION_TOKEN: "zzz",
  AWS_REGION: "elsewhere",
  S3_SESSION_TOKEN: "zzz",
  S3_ENDPOINT: "http://127.0.0.1:1",
  NODE_TLS_REJECT_UNAUTHORIZED: "0",
  NODE_USE_SYSTEM_CA: "1",
  BUN_CONFIG_VERBOSE_FETCH: "curl",
  BUN_OPTIONS: "--smol",
  SSLKEYLOGFILE: "/tmp/keys",
  PGOPTIONS: "-c search_path=other",
  PGHOST: "127.0.0.2",
  DATABASE_URL: "postgres://127.0.0.2/",
  POSTGRES_URL: "postgres://127.0.0.2/",
  TLS_POSTGRES_DATABASE_URL: "postgres://127.0.0.2/",
  HTTPS_PROXY: "http://127.0.0.1:1",
  no_proxy: "*",
  MIMALLOC_VERBOSE: "1",
  mimalloc_show_stats: "1",
  HOSTALIASES: "/tmp/aliases",
  LOCALDOMAIN: "elsewhere.example",
  RES_OPTIONS: "ndots:9",
  SQLITE_TMPDIR: "/tmp/other",
  UV_THREADPOOL_SIZE: "1",
};

describe("variables that are not ours", () => {
  let dir: string;
  beforeAll(() => {
    dir = mkdtempSync(join(tmpdir(), "flame-result-ambient-"));
  });
  afterAll(() => rmSync(dir, { recursive: true }));

  test("none that changes what the service does is missed", () => {
    expect(findAmbientNames(ambient)).toEqual(Object.keys(ambient));
  });

  test("what Kubernetes tells of the services beside it is no cause for a word", () => {
    const links = ["NODE_MINIO", "PGBOUNCER", "S3_GATEWAY", "AWS_PROXY"].flatMap((service) => [
      [`${service}_SERVICE_HOST`, "10.0.0.1"],
      [`${service}_SERVICE_PORT`, "9000"],
      [`${service}_SERVICE_PORT_HTTP_API`, "9000"],
      [`${service}_PORT`, "tcp://10.0.0.1:9000"],
      [`${service}_PORT_9000_TCP`, "tcp://10.0.0.1:9000"],
      [`${service}_PORT_9000_TCP_PROTO`, "tcp"],
      [`${service}_PORT_9000_TCP_PORT`, "9000"],
      [`${service}_PORT_9000_TCP_ADDR`, "10.0.0.1"],
    ]);
    expect(findAmbientNames(Object.fromEntries(links))).toEqual([]);
    expect(findAmbientNames({ NODE_PORT: "8080", BUN_PORT: "1" })).toEqual(["NODE_PORT", "BUN_PORT"]);
  });

  test("no setting of ours, and nothing harmless, is taken for one", () => {
    const ours = Object.keys(SETTINGS).flatMap((name) => [name, `${name}_FILE`, name.replace("MINIO__", "S3__")]);
    const harmless = [
      "PATH",
      "HOME",
      "TMPDIR",
      "TZ",
      "LANG",
      "NODE_EXTRA_CA_CERTS",
      "SSL_CERT_FILE",
      "SSL_CERT_DIR",
      "NODE_ENV",
      "POSTGRES_PORT",
    ];
    expect(findAmbientNames(Object.fromEntries([...ours, ...harmless].map((name) => [name, "x"])))).toEqual([]);
  });

  test("what counts besides the settings is documented", () => {
    const page = readFileSync(new URL("../../docs/differences.md", import.meta.url), "utf8");
    for (const name of ["SSL_CERT_FILE", "SSL_CERT_DIR", "NODE_EXTRA_CA_CERTS", "TMPDIR", "TZ"]) {
      expect(page).toContain(`\`${name}\``);
      expect(findAmbientNames({ [name]: "x" })).toEqual([]);
    }
  });

  test("a program started among them runs without them, and names them once", () => {
    const main = new URL("../../src/main.ts", import.meta.url).pathname;
    const env = { PATH: "/usr/bin:/bin", ...NODE, ...ambient, POSTGRES__PORT: "wrong" } as Record<string, string>;
    const { stderr, exitCode } = Bun.spawnSync([process.execPath, main, "serve"], { cwd: dir, env, stderr: "pipe" });
    const named = stderr
      .toString()
      .split("\n")
      .filter((line) => line.includes("AWS_SESSION_TOKEN"));
    expect(named).toHaveLength(1);
    for (const name of Object.keys(ambient)) expect(named[0]).toContain(name);
    expect(exitCode).toBe(78);
  });
});
