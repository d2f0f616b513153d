import { afterEach, describe, expect, test } from "bun:test";
import type { ReadinessReport } from "../../src/observability/readiness.ts";
import { storeThatForbids } from "../objects/forbidding-store.ts";
import { testPostgresUrl } from "../support/postgres-database.ts";
import { startRelay } from "../support/relay.ts";
import { testS3 } from "../support/s3.ts";
import { backends, isAvailable, startTestService, type TestService } from "../support/service.ts";

const ok = { object_store: "ok", database: "ok", token_keys: "ok", hub: "ok" } as const;

let service: TestService;
const forbidding: ReturnType<typeof storeThatForbids>[] = [];
afterEach(async () => {
  await service.stop();
  for (const store of forbidding.splice(0)) await store.stop();
});

async function askReadiness() {
  const response = await fetch(`${service.url}/readyz`);
  return [response.status, (await response.json()) as ReadinessReport] as const;
}

for (const backend of backends) {
  test.skipIf(!isAvailable(backend))(`a service on ${backend} storage is ready, and asks without a token`, async () => {
    service = await startTestService({ backend });
    expect(await askReadiness()).toEqual([200, { status: "ready", parts: ok, warnings: [] }]);
  });
}

test("a Hub that fails leaves it ready", async () => {
  service = await startTestService();
  service.hub.fail({ path: /^\/core/ }, { kind: "garbage" });
  expect(await askReadiness()).toEqual([200, { status: "ready", parts: { ...ok, hub: "degraded" }, warnings: [] }]);
});

test("a Hub whose storage alone fails leaves it ready, and says so", async () => {
  service = await startTestService();
  service.hub.fail({ path: /^\/storage/ }, { kind: "status", status: 500 });
  expect(await askReadiness()).toEqual([200, { status: "ready", parts: { ...ok, hub: "degraded" }, warnings: [] }]);
  const lost = service.logLines.find(({ event }) => event === "readiness.lost")?.fields;
  expect(lost).toMatchObject({ part: "hub", reason: expect.stringContaining("/storage/bucket-files/") });
});

test("a Hub that hangs does so, too, and the answer comes all the same", async () => {
  service = await startTestService();
  service.hub.fail({ path: /./ }, { kind: "hang" });
  expect(await askReadiness()).toMatchObject([200, { parts: { hub: "degraded" } }]);
});

test("without keys to judge tokens by it is not ready", async () => {
  service = await startTestService();
  service.identity.fault = "refuse";
  const parts = { ...ok, token_keys: "failed" } as const;
  expect(await askReadiness()).toEqual([503, { status: "not_ready", parts, warnings: [] }]);
});

test("keys that are known serve while the identity provider is away", async () => {
  service = await startTestService();
  await service.fetch("1", "/local/tags");
  service.identity.fault = "refuse";
  expect(await askReadiness()).toMatchObject([200, { status: "ready" }]);
});

test("tokens that are believed unchecked are warned of", async () => {
  service = await startTestService({ env: { OIDC__SKIP_JWT_VALIDATION: "1" } });
  const [status, report] = await askReadiness();
  expect([status, report.warnings]).toEqual([200, [expect.stringContaining("OIDC__SKIP_JWT_VALIDATION")]]);
});

describe.skipIf(!isAvailable("servers"))("with servers behind it", () => {
  test("a store that is away and a database that hangs make it unready, and nothing of them is told", async () => {
    const [store, database] = await Promise.all([relayTo(testS3?.endpoint), relayTo(testPostgresUrl)]);
    const env = { MINIO__ENDPOINT: `127.0.0.1:${store.port}`, POSTGRES__PORT: String(database.port) };
    service = await startTestService({ backend: "servers", env });
    await store.refuse();
    store.cut();
    database.pause();
    const parts = { ...ok, object_store: "failed", database: "failed" } as const;
    expect(await askReadiness()).toEqual([503, { status: "not_ready", parts, warnings: [] }]);
    const reasons = service.logLines.filter(({ event }) => event === "readiness.lost").map(({ fields }) => fields);
    expect(reasons).toEqual(
      expect.arrayContaining([
        { part: "object_store", state: "failed", reason: expect.stringContaining("nothing listens at the endpoint") },
        { part: "database", state: "failed", reason: "no answer within 2000 ms" },
      ]),
    );
    await Promise.all([store.stop(), database.stop()]);
  });
});

test.skipIf(!isAvailable("servers"))(
  "an access key that may not delete makes it unready, and is named in the log alone",
  async () => {
    const store = storeThatForbids("delete");
    forbidding.push(store);
    service = await startTestService({
      backend: "servers",
      env: { MINIO__ENDPOINT: store.endpoint },
    });
    const [status, report] = await askReadiness();
    expect([status, report.parts]).toEqual([503, { ...ok, object_store: "failed" }]);
    expect(JSON.stringify(report)).not.toContain("s3:");
    const [lost] = service.logLines
      .filter(({ event }) => event === "readiness.lost")
      .map(({ fields }) => fields.reason);
    expect(lost).toBe("the access key may not delete objects (s3:DeleteObject)");
  },
  30_000,
);

function relayTo(url: string | undefined) {
  const { hostname, port } = new URL(url ?? "");
  return startRelay({ host: hostname, port: Number(port) });
}
