import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { open } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { migrateSqlite } from "../../src/database/migrate-sqlite.ts";
import { openSqlite } from "../../src/database/sqlite-connection.ts";
import { createDirectoryObjectStore } from "../../src/objects/directory/directory-object-store.ts";
import { openQueue } from "../../src/submissions/open-queue.ts";
import { createSqliteSubmissions } from "../../src/submissions/store/sqlite-submissions.ts";
import { SEED, serveHub } from "../hub/serve-hub.ts";
import { eventually } from "../support/eventually.ts";
import { createTestLog } from "../support/log.ts";
import { testPostgresUrl } from "../support/postgres-database.ts";
import { type Relay, startRelay } from "../support/relay.ts";
import { testS3 } from "../support/s3.ts";
import { formOf, isAvailable, startTestService, type TestService } from "../support/service.ts";
import { canMount, mountSmallDisk } from "../support/small-disk.ts";
import { countObjects } from "../support/storage-check.ts";

const mebibyte = 1024 * 1024;
const filesAt = (service: TestService) =>
  service.hub.filesOf(service.hub.bucketOf(service.analyses[0], "RESULT").bucketId ?? "");
const put = (service: TestService, content: string | Uint8Array<ArrayBuffer>, name: string) =>
  service.fetch("1", "/final", { method: "PUT", body: formOf(["file", new File([content], name)]) });

describe.skipIf(!isAvailable("servers"))("when the object store or the database fails", () => {
  let store: Relay;
  let database: Relay;
  let service: TestService;

  beforeEach(async () => {
    store = await startRelay(addressOf(testS3?.endpoint));
    database = await startRelay(addressOf(testPostgresUrl));
    const env = { MINIO__ENDPOINT: `127.0.0.1:${store.port}`, POSTGRES__PORT: String(database.port) };
    service = await startTestService({ backend: "servers", env });
    expect((await put(service, "warm", "warm")).status).toBe(204);
  });
  afterEach(async () => {
    await Promise.all([store.resume(), database.resume()]);
    await service.stop();
    await Promise.all([store.stop(), database.stop()]);
  });

  async function expectNothingKept() {
    await Promise.all([store.resume(), database.resume()]);
    await eventually(async () => expect(await countObjects(service)).toBe(0), 15_000);
    expect(filesAt(service).map(({ path }) => path)).toEqual(["warm"]);
    // Nor will anything follow: whatever is sent now comes first.
    expect((await put(service, "next", "next")).status).toBe(204);
    expect(filesAt(service).map(({ path }) => path)).toEqual(["warm", "next"]);
  }

  test("a store that is away is a 502, and nothing is kept", async () => {
    await store.refuse();
    store.cut();
    const response = await put(service, "lost", "lost");
    expect([response.status, await response.json()]).toEqual([502, { detail: "Unexpected error from object store" }]);
    await expectNothingKept();
  }, 20_000);

  test("a store that dies in mid-upload is a 502, and nothing is kept", async () => {
    const answer = put(service, new Uint8Array(64 * mebibyte), "lost");
    await eventually(() => expect(store.bytes.up).toBeGreaterThan(20 * mebibyte));
    await store.refuse();
    store.cut();
    expect((await answer).status).toBe(502);
    await expectNothingKept();
  }, 30_000);

  test("a database that is away is a 503, and the file is taken back", async () => {
    await database.refuse();
    database.cut();
    const response = await put(service, "lost", "lost");
    expect([response.status, await response.json()]).toEqual([503, { detail: "The database is not available" }]);
    await expectNothingKept();
  }, 20_000);

  test("a database that goes away during the delivery costs neither the result nor a second copy", async () => {
    const lift = service.hub.fail({ path: /\/upload$/ }, { kind: "delay", ms: 700 });
    const answer = put(service, "sent", "sent");
    await eventually(() => expect(service.hub.requests.filter(({ path }) => path.endsWith("/upload"))).toHaveLength(2));
    await database.refuse();
    database.cut();
    expect((await answer).status).toBe(204);
    lift();
    await database.resume();
    // It is found out when the lease has run out; until then the file stays.
    await eventually(async () => expect(await countObjects(service)).toBe(0), 30_000);
    expect(filesAt(service).map(({ path }) => path)).toEqual(["warm", "sent"]);
    expect((await put(service, "next", "next")).status).toBe(204);
  }, 45_000);

  test("a store that fails during the delivery delays it, and breaks nothing off at the Hub", async () => {
    await database.refuse();
    await database.resume();
    const lift = service.hub.fail({ path: /\/upload$/ }, { kind: "status", status: 503 });
    expect((await put(service, new Uint8Array(24 * mebibyte).fill(7), "late")).status).toBe(202);
    lift();
    await store.refuse();
    store.cut();
    await Bun.sleep(1_500);
    await store.resume();
    await eventually(() => expect(filesAt(service).map(({ path }) => path)).toEqual(["warm", "late"]), 30_000);
    expect(filesAt(service).map(({ size }) => size)).toEqual([4, 24 * mebibyte]);
    expect(service.hub.state.brokenUploads).toBe(0);
  }, 45_000);
});

describe("when the disk is full", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "flame-full-"));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  test.skipIf(!canMount())(
    "a final is refused with 507, the store is clean, and what fits is taken",
    async () => {
      const disk = mountSmallDisk(6);
      if (disk === undefined) throw new Error("nothing is mounted");
      const dataDir = disk.path;
      try {
        const service = await startTestService({ env: { DATA_DIR: dataDir } });
        const response = await put(service, new Uint8Array(16 * mebibyte), "large");
        expect([response.status, await response.json()]).toEqual([507, { detail: "The object store is full" }]);
        expect(service.logLines.find(({ event }) => event === "http.failed")).toMatchObject({
          level: "warn",
          fields: { code: "storage_full", reason: expect.stringMatching(/ENOSPC|no space/i) },
        });
        expect(await countObjects({ dataDir, bucket: undefined })).toBe(0);
        expect(filesAt(service)).toEqual([]);
        expect((await put(service, "fits", "fits")).status).toBe(204);
        expect(filesAt(service).map(({ path }) => path)).toEqual(["fits"]);
        await service.stop();
      } finally {
        disk.remove();
      }
    },
    20_000,
  );

  test("a submission fails with what leads to that answer, and leaves neither row nor file", async () => {
    const sqlite = openSqlite(join(folder, "catalog.sqlite"));
    await migrateSqlite(sqlite);
    const store = createSqliteSubmissions(sqlite, Date.now);
    const objects = createDirectoryObjectStore({
      root: join(folder, "objects"),
      async createFile(path) {
        const file = await open(path, "wx");
        file.write = () => Promise.reject(Object.assign(new Error("no space left on device"), { code: "ENOSPC" }));
        return file;
      },
    });
    const served = serveHub({ generation: "2026" });
    const queue = openQueue({
      store,
      objects,
      hub: served.connect(),
      waitMs: 1_000,
      retryMaxMs: 1_000,
      newId: () => crypto.randomUUID(),
      newHash: () => ({ update() {}, digest: () => "" }),
      random: () => 0,
      log: createTestLog().log,
    });
    const final = {
      analysisId: SEED.analysis1.id,
      filename: "x",
      contentType: "text/plain",
      body: new Blob(["x"]).stream(),
    };
    await expect(queue.submit(final)).rejects.toMatchObject({ code: "storage_full" });
    expect(await store.stats()).toEqual({ pending: 0, oldestSeconds: 0, standingAside: 0 });
    expect(await countObjects({ dataDir: folder, bucket: undefined })).toBe(0);
    await queue.stop();
    await served.stop();
    await sqlite.close();
  });
});

function addressOf(url: string | undefined): { host: string; port: number } {
  const { hostname, port } = new URL(url ?? "");
  return { host: hostname, port: Number(port) };
}
