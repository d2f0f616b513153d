import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { mkdtempSync, readdirSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { proveWritable } from "../../src/app/prove-writable.ts";
import { startService } from "../../src/app/start-service.ts";
import { serve } from "../../src/commands/serve.ts";
import { generateKeyPair, parsePrivateKey } from "../../src/crypto/keys.ts";
import { createRequestContext } from "../../src/request-context.ts";
import type { Environment } from "../../src/settings/environment.ts";
import { parseSettings } from "../../src/settings/load.ts";
import { findFreePort } from "../support/daemon.ts";
import { eventually } from "../support/eventually.ts";
import { createTestLog } from "../support/log.ts";
import { type Relay, startRelay } from "../support/relay.ts";
import { isAvailable, startTestService, type TestService } from "../support/service.ts";
import { createTestIo, type TestIo } from "./test-io.ts";

const { privatePem } = generateKeyPair("P-384");

function eventsOf({ logged }: TestIo): Record<string, unknown>[] {
  return logged.map((line) => JSON.parse(line));
}

function findEvent(io: TestIo, event: string): Record<string, unknown> | undefined {
  return eventsOf(io).find((line) => line.event === event);
}

describe("serving", () => {
  let surroundings: TestService;
  beforeEach(async () => {
    surroundings = await startTestService();
    await surroundings.shutDown();
  });
  afterEach(() => surroundings.stop());

  const edgeFor = (env: Environment = {}) => createTestIo({ ...surroundings.environment, ...env });

  test("says at start what it runs on, and no secret", async () => {
    const proxy = { PROXY__HTTP_URL: "http://someone:proxy-password@127.0.0.1:3128" };
    const io = edgeFor({ CRYPTO__ECDH_PRIVATE_KEY: privatePem, ...proxy });
    const served = serve(io);
    await eventually(() => expect(findEvent(io, "service.started")).toBeDefined());
    io.requestStop();
    expect(await served).toBe(0);
    expect(findEvent(io, "service.started")).toMatchObject({
      url: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+$/),
      version: expect.stringMatching(/^\d+\.\d+\.\d+$/),
      "storage.kind": "directory",
      "hub.coreBaseUrl": surroundings.environment.HUB__CORE_BASE_URL,
      "hub.auth.flow": "client",
      "key.curve": "P-384",
      "key.fingerprint": parsePrivateKey(privatePem).publicKey.fingerprint,
      "proxy.httpUrl": "http://***@127.0.0.1:3128",
      "extraCaCerts.count": 0,
    });
    const all = io.logged.join("");
    expect(all).not.toContain(String(surroundings.environment.HUB__AUTH__SECRET));
    expect(all).not.toMatch(/proxy-password|BEGIN/);
  });

  test("does not start with a private key that is none, and names the setting", async () => {
    const io = edgeFor({ CRYPTO__ECDH_PRIVATE_KEY: "-----BEGIN PRIVATE KEY-----\nA\n-----END PRIVATE KEY-----" });
    expect(await serve(io)).toBe(78);
    expect(io.errors.join("\n")).toContain("CRYPTO__ECDH_PRIVATE_KEY cannot be used");
  });
});

describe("folders that are needed", () => {
  test("a data folder that cannot be made keeps it from starting, and the log says which and what to do", async () => {
    const surroundings = await startTestService();
    await surroundings.shutDown();
    const io = createTestIo({ ...surroundings.environment, DATA_DIR: "/proc/no-such-process/data" });
    expect(await serve(io)).toBe(1);
    const error = String(findEvent(io, "service.failed")?.error);
    expect(error).toMatch(/^The data folder \/proc\/no-such-process\/data cannot be used \(.*\)\. Let DATA_DIR name /);
    expect(findEvent(io, "service.started")).toBeUndefined();
    await surroundings.stop();
  });

  test.each(["spool", "objects"])("so does one whose folder %s cannot be written to", async (name) => {
    const surroundings = await startTestService();
    await surroundings.shutDown();
    const folder = join(surroundings.dataDir ?? "", name);
    rmSync(folder, { recursive: true });
    symlinkSync("/proc", folder);
    const io = createTestIo(surroundings.environment);
    expect(await serve(io)).toBe(1);
    const error = String(findEvent(io, "service.failed")?.error);
    expect(error).toStartWith(`The folder ${folder} cannot be written to (`);
    expect(error).toContain("): let DATA_DIR name ");
    await surroundings.stop();
  });

  test("with servers the system's temporary folder is tried before them", async () => {
    const surroundings = await startTestService();
    await surroundings.shutDown();
    const nowhere = { ENDPOINT: "127.0.0.1:1", ACCESS_KEY: "key", SECRET_KEY: "secret", BUCKET: "bucket" };
    const env = {
      ...surroundings.environment,
      DATA_DIR: "",
      ...Object.fromEntries(Object.entries(nowhere).map(([name, value]) => [`MINIO__${name}`, value])),
      POSTGRES__HOST: "127.0.0.1",
      POSTGRES__PORT: "1",
      POSTGRES__USER: "user",
      POSTGRES__PASSWORD: "password",
      POSTGRES__DB: "database",
      TMPDIR: "/proc",
    };
    const { stdout, exitCode } = Bun.spawnSync([process.execPath, "src/main.ts", "serve"], {
      env,
      cwd: ".",
      // One that waits for the servers does not end by itself.
      timeout: 20_000,
    });
    expect([exitCode, stdout.toString()]).toEqual([
      1,
      expect.stringContaining("The folder /proc cannot be written to"),
    ]);
    expect(stdout.toString()).toContain("or let TMPDIR name one");
    await surroundings.stop();
  }, 30_000);

  test("one that can be written to is left as it was", () => {
    const dir = mkdtempSync(join(tmpdir(), "flame-result-writable-"));
    proveWritable(dir, "advice");
    expect(readdirSync(dir)).toEqual([]);
    rmSync(dir, { recursive: true });
  });

  test.each(["/proc", "/no/such/folder"])("%s, which cannot, is named with what to do", (dir) => {
    expect(() => proveWritable(dir, "let TMPDIR name one")).toThrow(
      new RegExp(`^The folder ${dir} cannot be written to .*: let TMPDIR name one$`),
    );
  });
});

describe.skipIf(!isAvailable("servers"))("starting before what it stands on", () => {
  let surroundings: TestService;
  let store: Relay;
  let database: Relay;
  let env: Environment;

  beforeEach(async () => {
    surroundings = await startTestService({ backend: "servers" });
    await surroundings.shutDown();
    const { MINIO__ENDPOINT, POSTGRES__HOST, POSTGRES__PORT } = surroundings.environment;
    const { hostname: host, port } = new URL(`http://${MINIO__ENDPOINT}`);
    store = await startRelay({ host, port: Number(port) });
    database = await startRelay({ host: POSTGRES__HOST ?? "", port: Number(POSTGRES__PORT) });
    env = {
      ...surroundings.environment,
      MINIO__ENDPOINT: `127.0.0.1:${store.port}`,
      POSTGRES__HOST: "127.0.0.1",
      POSTGRES__PORT: String(database.port),
    };
  });
  afterEach(async () => {
    await Promise.all([store.stop(), database.stop()]);
    await surroundings.stop();
  });

  function start(overrides: Environment, deps: { patienceMs?: number; signal?: AbortSignal } = {}) {
    const { settings, problems } = parseSettings({ ...env, ...overrides }, () => "");
    if (settings === undefined) throw new Error(problems.join("\n"));
    const { log, lines } = createTestLog();
    const events = () => lines.map(({ event }) => event);
    return { starting: startService(settings, { log, context: createRequestContext(), ...deps }), lines, events };
  }

  test("waits for a database and then for an object store, and serves", async () => {
    await Promise.all([store.refuse(), database.refuse()]);
    const { starting, lines, events } = start({});
    await eventually(() => expect(events()).toContain("database.waiting"));
    await database.resume();
    await eventually(() => expect(events()).toContain("object_store.waiting"));
    await store.resume();
    const service = await starting;
    expect((await fetch(`http://127.0.0.1:${service.port}/readyz`)).status).toBe(200);
    await service.stop();
    const reasons = lines.filter(({ event }) => event.endsWith(".waiting")).map(({ fields }) => fields.reason);
    expect(reasons[0]).toContain(`PostgreSQL at 127.0.0.1:${database.port}`);
    expect(reasons.at(-1)).toContain("nothing listens at the endpoint");
  }, 20_000);

  test("answers a probe at once while it waits, and says for what", async () => {
    await Promise.all([store.refuse(), database.refuse()]);
    const port = await findFreePort();
    const { starting, events } = start({ SERVER__PORT: String(port) });
    const ask = async (path: string) => {
      const answer = await fetch(`http://127.0.0.1:${port}${path}`, { keepalive: false });
      return [answer.status, await answer.json()];
    };
    await eventually(() => expect(events()).toContain("database.waiting"));
    expect(await ask("/healthz")).toEqual([200, { status: "ok" }]);
    expect(await ask("/readyz")).toEqual([503, { status: "not_ready", parts: { database: "failed" }, warnings: [] }]);
    expect(await ask("/local/tags")).toEqual([503, { detail: "The service is starting" }]);
    await database.resume();
    await eventually(() => expect(events()).toContain("object_store.waiting"));
    expect(await ask("/readyz")).toMatchObject([503, { parts: { database: "ok", object_store: "failed" } }]);
    await store.resume();
    const service = await starting;
    expect((await ask("/local/tags"))[0]).not.toBe(503);
    await service.stop();
  }, 20_000);

  test("gives up after its patience with the reason", async () => {
    await database.refuse();
    const { starting, events } = start({}, { patienceMs: 100 });
    expect(starting).rejects.toThrow("The database is not available");
    await starting.catch(() => {});
    expect(events()).toEqual([]);
  });

  test.each([
    [{ POSTGRES__DB: "no_such_database" }, "database"],
    [{ MINIO__SECRET_KEY: "wrong" }, "object_store"],
  ])("does not wait for what waiting will not mend: %j", async (overrides, code) => {
    const { starting, events } = start(overrides);
    const error = await starting.then(
      () => undefined,
      (error) => error,
    );
    expect(error).toMatchObject({ code });
    expect(events().filter((event) => event.endsWith(".waiting"))).toEqual([]);
  });

  test("stops at once when it is told to while it waits", async () => {
    await database.refuse();
    const io = createTestIo(env);
    const served = serve(io);
    await eventually(() => expect(findEvent(io, "database.waiting")).toBeDefined());
    io.requestStop();
    expect(await served).toBe(0);
    expect(findEvent(io, "service.stopped")?.waitedFor).toContain("PostgreSQL at 127.0.0.1");
    expect(findEvent(io, "service.failed")).toBeUndefined();
  });
});

test.each([
  [["--host", "127.0.0.1", "--port", "0", "--workers", "1"], ""],
  [["serve", "--log-config", "log.yaml"], "warning: --log-config is of the Python service"],
  [["--log-level", "debug"], "warning: --log-level is of the Python service; use LOG__LEVEL"],
  [["--root-path", "/storage"], "warning: --root-path is of the Python service; every route answers under /storage"],
  [["--forwarded-allow-ips", "*"], "warning: --forwarded-allow-ips is of the Python service"],
])("the arguments of the Python images are understood or explained: %j", (args, warning) => {
  const { stderr, exitCode } = Bun.spawnSync([process.execPath, "src/main.ts", ...args], { env: {}, cwd: "." });
  // Nothing but the settings keeps it from starting.
  expect([exitCode, stderr.toString().startsWith(warning)]).toEqual([78, true]);
  expect(stderr.toString()).not.toContain("unknown option");
});
