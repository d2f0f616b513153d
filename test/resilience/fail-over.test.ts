import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { eventually } from "../support/eventually.ts";
import { type PostgresPair, startPostgresPair } from "../support/postgres-pair.ts";
import { postgresInstalled } from "../support/postgres-server.ts";
import { createTestBucket, type TestBucket, testS3 } from "../support/s3.ts";
import { formOf, startTestService, type TestService } from "../support/service.ts";

const file = new File(["1"], "r.txt");

/** Whoever waits for a server that is promoted has that long, on a machine with other work. */
const limitMs = 60_000;

describe.skipIf(testS3 === undefined || !postgresInstalled())("when another database server takes over", () => {
  let pair: PostgresPair;
  let bucket: TestBucket;
  let service: TestService;
  const acknowledged: string[] = [];

  beforeAll(async () => {
    [pair, bucket] = await Promise.all([startPostgresPair(), createTestBucket()]);
    service = await startTestService({ backend: "servers", servers: { postgresUrl: pair.url, s3: bucket } });
  }, 120_000);
  afterAll(async () => {
    await service?.stop();
    await pair?.stop();
    await bucket?.drop();
  }, 120_000);

  async function store(): Promise<number> {
    const response = await service.fetch("1", "/local", {
      method: "PUT",
      body: formOf(["tag", "kept"], ["file", file]),
    });
    if (response.ok) acknowledged.push(((await response.json()) as { object_id: string }).object_id);
    return response.status;
  }
  const readiness = async () => (await fetch(`${service.url}/readyz`)).status;
  const storeAtOnce = (count: number) => Promise.all(Array.from({ length: count }, store));
  async function listed(): Promise<string[]> {
    const response = await service.fetch("1", "/local/tags/kept");
    const { results } = (await response.json()) as { results: { url: string }[] };
    return results.map(({ url }) => url.slice(url.lastIndexOf("/") + 1));
  }

  test("the service says what it cannot do, writes again by itself, and has lost nothing", async () => {
    // As many connections as there may be are open to the server that goes.
    expect(new Set(await storeAtOnce(25))).toEqual(new Set([200]));
    expect(await readiness()).toBe(200);

    await pair.demote();
    await eventually(async () => expect(await readiness()).toBe(503), limitMs);
    expect(new Set(await storeAtOnce(10))).toEqual(new Set([503]));

    // The other one does not take writes yet, either.
    pair.moveAddress();
    expect(new Set(await storeAtOnce(10))).toEqual(new Set([503]));
    expect(await readiness()).toBe(503);
    expect((await service.fetch("1", "/local/tags")).status).toBe(200);

    await pair.promote();
    await eventually(async () => expect(await store()).toBe(200), limitMs);
    await eventually(async () => expect(await readiness()).toBe(200), limitMs);
    // Connections to the server that was demoted may be among those that are used.
    expect(new Set(await storeAtOnce(25))).toEqual(new Set([200]));

    await pair.killFirst();
    expect(new Set(await storeAtOnce(25))).toEqual(new Set([200]));
    expect((await listed()).toSorted()).toEqual(acknowledged.toSorted());
  }, 300_000);
});
