import { afterAll, afterEach, beforeAll, describe, expect, test } from "bun:test";
import { eventually } from "../support/eventually.ts";
import { sha256Of } from "./support/content.ts";
import { createHttpClient } from "./support/http-client.ts";
import { createLedger } from "./support/ledger.ts";
import { createProbes, largeBytes, type Probes } from "./support/probes.ts";
import { type S3Fault, type S3FaultRelay, type S3Match, startS3Faults } from "./support/s3-faults.ts";
import { sufferSilence } from "./support/silent-store.ts";
import { createUnderLoad, type UnderLoad } from "./support/under-load.ts";
import { canStartWorld, type ResilienceWorld, startResilienceWorld } from "./support/world.ts";

const failed = "502 Unexpected error from object store";
const mebibyte = 2 ** 20;
const options = { storage: "servers", ownServers: true, name: "the object store breaks" } as const;
/** For requests that are answered without waiting for a store that is silent, on a busy machine. */
const limitMs = 20_000;
/** A large part is sent up to four times. */
const largeLimitMs = 60_000;
const operations = ["put untagged", "put tagged", "put final", "get", "delete"] as const;

describe.skipIf(!canStartWorld(options))("when the object store breaks under load", () => {
  let world: ResilienceWorld;
  let ceph: NonNullable<ResilienceWorld["ceph"]>;
  let relay: S3FaultRelay;
  let probes: Probes;
  let underLoad: UnderLoad;
  let silence: Promise<unknown>;

  beforeAll(async () => {
    // At the same time as all the rest.
    silence = sufferSilence().then(
      () => undefined,
      (error: unknown) => error,
    );
    world = await startResilienceWorld(options);
    if (world.ceph === undefined) throw new Error("a world without its own object store");
    ceph = world.ceph;
    relay = await startS3Faults({ port: Number(ceph.endpoint.split(":")[1]) });
    const ledger = createLedger();
    await startVia(ceph.endpoint);
    probes = await createProbes(world, ledger);
    underLoad = createUnderLoad(world, { seed: 30_000, ledger });
  }, 120_000);
  afterEach(() => relay?.heal());
  afterAll(async () => {
    await relay?.stop();
    await world?.stop();
  });

  async function startVia(endpoint: string): Promise<void> {
    if (world.env.MINIO__ENDPOINT === endpoint) return;
    world.env.MINIO__ENDPOINT = endpoint;
    await world.service.stop("SIGTERM");
    await world.startService();
  }
  const startViaRelay = () => startVia(`127.0.0.1:${relay.port}`);

  /** What works, and how the rest fails, while the store does not. */
  async function expectAway(): Promise<void> {
    await eventually(async () => expect(await probes.readiness()).toBe("object_store"), 20_000);
    expect(await probes.health()).toBe("200");
    expect(await probes.ask("list tags", limitMs)).toBe("200");
    expect(await probes.ask("put intermediate", limitMs)).toBe("200");
    const answers = await Promise.all(operations.map((one) => probes.ask(one, limitMs)));
    expect(answers).toEqual(operations.map(() => failed));
  }

  /** Lets a fault come about so many times. */
  async function suffer(match: S3Match, fault: S3Fault, times: number): Promise<void> {
    const end = relay.fail(match, fault);
    const wanted = relay.injected + times;
    await eventually(() => expect(relay.injected).toBeGreaterThanOrEqual(wanted), 30_000);
    end();
    world.figures.faults += times;
  }

  test("a store that stands still for some seconds, dies and comes back: 502 meanwhile, and it is found again", async () => {
    await underLoad({ statuses: [502] }, async () => {
      ceph.freeze();
      await eventually(async () => expect(await probes.readiness()).toBe("object_store"), 20_000);
      expect(await probes.health()).toBe("200");
      expect(await probes.ask("list tags", limitMs)).toBe("200");
      ceph.thaw();
      await eventually(async () => expect(await probes.readiness()).toBe("ready"), 20_000);
      await ceph.kill();
      world.figures.faults += 1;
      await expectAway();
      await ceph.restart();
    });
  }, 120_000);

  test("a store that refuses, is overloaded or talks nonsense is a 502, and what passes by is not even noticed", async () => {
    await startViaRelay();
    await underLoad({ statuses: [502] }, async () => {
      const slowDown = { kind: "status", status: 503, code: "SlowDown", retryAfterSeconds: 1 } as const;
      relay.fail({}, slowDown);
      await expectAway();
      relay.heal();
      await suffer({ every: 3 }, slowDown, 20);
      await suffer({ every: 3 }, { kind: "status", status: 503, code: "ServiceUnavailable" }, 20);
      await suffer({ every: 3 }, { kind: "status", status: 500, code: "InternalError" }, 20);
      await suffer({ every: 3 }, { kind: "garbage" }, 20);
      await suffer({ method: "PUT", minBodyBytes: 1 }, { kind: "wrong-etag" }, 10);
    });
    // One failure in a row passes by unnoticed.
    relay.fail({ times: 1 }, { kind: "status", status: 503, code: "SlowDown" });
    expect(await probes.ask("get", limitMs)).toBe("200");
  }, 120_000);

  test("connections cut in the middle of uploads, and answers lost, leave nothing half done", async () => {
    await startViaRelay();
    await underLoad({ statuses: [502] }, async () => {
      await suffer({ method: "PUT", minBodyBytes: 10, every: 2 }, { kind: "cut-upload", afterBytes: 5 }, 10);
      await suffer({ method: "PUT", minBodyBytes: 60_000 }, { kind: "cut-upload", afterBytes: 50_000 }, 10);
      await suffer({ method: "PUT", minBodyBytes: 100 }, { kind: "lost-answer" }, 20);
      await suffer({ every: 4 }, { kind: "lost-answer" }, 30);
      // Parts of large files, and the beginning and the end of such uploads.
      for (const fault of [{ kind: "cut-upload", afterBytes: mebibyte }, { kind: "lost-answer" }] as const) {
        relay.fail({ method: "PUT", target: /partNumber=2/, times: 1 }, fault);
        expect(await probes.ask("put large", largeLimitMs)).toMatch(/^200|^502 Unexpected/);
        const end = relay.fail({ method: "PUT", target: /partNumber=2/ }, fault);
        expect(await probes.ask("put large", largeLimitMs)).toBe(failed);
        end();
      }
      for (const target of [/\?uploads/, /uploadId/]) {
        const end = relay.fail({ method: "POST", target }, { kind: "lost-answer" });
        expect(await probes.ask("put large", largeLimitMs)).toBe(failed);
        end();
      }
    });
  }, 120_000);

  test("a download that breaks off in the store is gone on with, or looks broken; it is never short but well-ended", async () => {
    await startViaRelay();
    const client = createHttpClient(world.url);
    const headers = { Authorization: `Bearer ${await world.token("1")}` };
    await underLoad({ statuses: [502], unanswered: true }, async () => {
      const { path, sha256 } = await probes.storeLarge();
      const match = { method: "GET", target: new RegExp(path.replace("/local/", "")) };
      const read = async (range = {}) => {
        const outcome = await client.send({ method: "GET", path, headers: { ...headers, ...range } });
        world.figures.faults += 1;
        if (outcome.kind !== "answered") return outcome.kind;
        world.figures.bytesVerified += outcome.bytes.byteLength;
        return sha256Of(outcome.bytes) === sha256 ? "whole" : String(outcome.status);
      };
      /** The whole file, and the whole as a range. */
      const readBroken = async (fault: S3Fault, times?: number) => {
        const ends = [];
        for (const range of [{}, { Range: "bytes=0-" }]) {
          const before = relay.injected;
          const end = relay.fail(times === undefined ? match : { ...match, times }, fault);
          ends.push(await read(range));
          expect(relay.injected).toBeGreaterThan(before);
          end();
        }
        return ends;
      };
      for (const by of ["reset", "end"] as const) {
        for (const afterBytes of by === "reset" ? [70_000, 5 * mebibyte, largeBytes - 1] : [5 * mebibyte]) {
          const fault = { kind: "cut-download", afterBytes, by } as const;
          expect(await readBroken(fault, 1)).toEqual(["whole", "whole"]);
          // Nothing comes after that.
          const end = relay.fail(match, { kind: "status", status: 503, code: "SlowDown" });
          // A reset may come before the first byte has gone on.
          for (const ending of await readBroken(fault, 1)) expect(["cut", "502"]).toContain(ending);
          end();
        }
        for (const end of await readBroken({ kind: "cut-download", afterBytes: 1, by })) {
          expect(["cut", "502"]).toContain(end);
        }
        await suffer({ method: "GET" }, { kind: "cut-download", afterBytes: 1_000, by }, 8);
      }
      client.close();
    });
  }, 120_000);

  test("a store that falls silent is given up after 60 s, in mid-transfer too, and nothing is half done", async () => {
    const failure = await silence;
    if (failure !== undefined) throw failure;
  }, 180_000);
});
