import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { seededRandom } from "../submissions/processes.ts";
import { connectRaw } from "../support/raw-http.ts";
import { createAnswerReader } from "./support/answer-reader.ts";
import { contentOf, sha256Of } from "./support/content.ts";
import { formRequest } from "./support/form.ts";
import { beginUpload } from "./support/half-upload.ts";
import { createHttpClient } from "./support/http-client.ts";
import { startLoad } from "./support/load.ts";
import { openStorageView } from "./support/storage-view.ts";
import { verifyAfter } from "./support/verify.ts";
import { canStartWorld, type ResilienceWorld, startResilienceWorld } from "./support/world.ts";

const graceMs = 5_000;
/** What cleaning up and a busy machine may add. */
const slackMs = 15_000;
const mebibyte = 2 ** 20;

for (const storage of ["servers", "embedded"] as const) {
  describe.skipIf(!canStartWorld({ storage }))(`the service told to stop on ${storage} storage`, () => {
    let world: ResilienceWorld;
    beforeAll(async () => {
      world = await startResilienceWorld({ storage, name: `SIGTERM on ${storage}` });
    }, 60_000);
    afterAll(() => world.stop());

    test("twenty times under load finishes what it has begun, ends with 0, and the next one goes on", async () => {
      await stopAndGoOn(world, { seed: 2, times: 20 });
    }, 240_000);

    test("lets transfers end within the time, takes no new ones, and cuts what is silent without a trace of it", async () => {
      const content = contentOf(7, 16 * mebibyte);
      const headers = { Authorization: `Bearer ${await world.token("1")}` };
      const stored = await sendWhole(world, content, headers);
      const before = await storedKeys(world);

      const probe = createHttpClient(world.url);
      expect(await probe.send({ method: "GET", path: "/readyz" })).toMatchObject({ kind: "answered", status: 200 });
      const idle = await openIdle(world);
      const slow = await beginUpload(world, "/local", 9 * mebibyte);
      const silent = await beginUpload(world, "/local", 9 * mebibyte);
      const reader = await connectRaw(world.url);
      const answer = createAnswerReader(false);
      const download = Promise.withResolvers<void>();
      reader.socket.removeAllListeners("data").on("data", (chunk: Buffer) => {
        if (answer.take(chunk)) download.resolve();
      });
      reader.socket.on("close", () => download.resolve());
      reader.socket.once("data", () => reader.socket.pause());
      await reader.send(`GET /local/${stored} HTTP/1.1\r\nHost: x\r\nAuthorization: ${headers.Authorization}\r\n\r\n`);
      await Bun.sleep(1_000);

      const startedMs = performance.now();
      const ended = world.service.stop("SIGTERM");
      await Bun.sleep(500);
      expect(await createHttpClient(world.url).send({ method: "GET", path: "/healthz" })).toEqual({ kind: "refused" });
      const probed = await probe.send({ method: "GET", path: "/readyz" });
      expect([503, "refused", "closed"]).toContain(probed.kind === "answered" ? probed.status : probed.kind);
      probe.close();
      expect(await idle.closing).toBe("in order");
      reader.socket.resume();
      await slow.finish();
      const saved = await slow.answer();
      expect(saved).toMatchObject({ status: 200 });
      await download.promise;
      expect(sha256Of(answer.bytes())).toBe(sha256Of(content));
      expect(await ended).toBe(0);
      expect(performance.now() - startedMs).toBeWithin(graceMs - 500, graceMs + slackMs);
      expect((await silent.answer())?.status).not.toBe(200);
      expect(world.service.output()).toContain("server.cut");

      await world.startService();
      expect(await storedKeys(world)).toEqual(
        [...before, `local/${world.surroundings.projects[0]}/${saved?.id}`].sort(),
      );
      const view = openStorageView(world);
      expect(await view.unfinished()).toEqual([]);
      await view.close();
    }, 60_000);
  });
}

describe.skipIf(!canStartWorld({ storage: "servers" }))("a service of two workers told to stop", () => {
  test("six times under load finishes what it has begun, ends with 0, and the next one goes on", async () => {
    const name = "SIGTERM to workers";
    const world = await startResilienceWorld({ storage: "servers", name, env: { SERVER__WORKERS: "2" } });
    // 503 while none of them listens yet.
    await stopAndGoOn(world, { seed: 6, times: 6, statuses: [503] }).finally(world.stop);
  }, 240_000);
});

interface Stops {
  readonly seed: number;
  readonly times: number;
  readonly statuses?: readonly number[];
}

async function stopAndGoOn(world: ResilienceWorld, { seed, times, statuses = [] }: Stops): Promise<void> {
  const random = seededRandom(seed);
  const load = startLoad(world, { seed });
  for (let stops = 0; stops < times; stops++) {
    await load.progress(8);
    await Bun.sleep(random() * 500);
    const settled = load.disturb({ unanswered: "late", statuses });
    const startedMs = performance.now();
    expect(await world.service.stop("SIGTERM")).toBe(0);
    expect(performance.now() - startedMs).toBeLessThan(graceMs + slackMs);
    expect(world.service.output()).not.toContain("server.cut");
    await world.startService();
    settled();
  }
  await load.progress(100, 3);
  await verifyAfter(world, load);
  // Whoever got no answer may send the request again: it was not begun.
  const log = world.processes.map((one) => one.output()).join("");
  expect(load.ledger.unanswered.filter((id) => log.includes(id))).toEqual([]);
}

async function sendWhole(world: ResilienceWorld, content: Uint8Array, headers: Record<string, string>) {
  const client = createHttpClient(world.url);
  const request = formRequest("/local", [["file", content, "large.bin"]]);
  const outcome = await client.send({ ...request, headers: { ...request.headers, ...headers } });
  client.close();
  if (outcome.kind !== "answered" || outcome.status !== 200) throw new Error(`it is not stored: ${outcome.kind}`);
  return String(JSON.parse(new TextDecoder().decode(outcome.bytes)).object_id);
}

/** A connection that has had its answer and is kept for the next request; tells how it was closed. */
async function openIdle(world: ResilienceWorld) {
  const { socket, send, until } = await connectRaw(world.url);
  await send("GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n");
  await until(/ok/);
  const closing = new Promise<string>((resolve) => {
    socket.once("end", () => resolve("in order"));
    socket.once("error", (error) => resolve(error.message));
  });
  return { closing };
}

async function storedKeys(world: ResilienceWorld): Promise<string[]> {
  const view = openStorageView(world);
  return Array.fromAsync(view.objects.list(""))
    .then((keys) => keys.sort())
    .finally(view.close);
}
