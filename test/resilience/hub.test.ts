import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import type { HubFault, HubGeneration } from "../../src/sandbox/hub/hub.ts";
import { eventually } from "../support/eventually.ts";
import { createFakeClock, type FakeClock, fakeClockInstalled } from "./support/fake-clock.ts";
import { type ReadCase, readCases, recordCases, signInFaults, uploadCases } from "./support/hub-cases.ts";
import { createHubClient, type HubClient } from "./support/hub-client.ts";
import { fileOf, large, linksOf, mebibyte, sendFinalTo, sendIntermediateTo, small } from "./support/hub-uploads.ts";
import { type Load, startLoad } from "./support/load.ts";
import { createHttpPoller, fieldOf, type HttpPoller } from "./support/poller.ts";
import { vanishInUpload } from "./support/vanishing-client.ts";
import { verifyAfter } from "./support/verify.ts";
import { type ResilienceWorld, startResilienceWorld } from "./support/world.ts";

const limitMs = 120_000;
const patienceMs = 60_000;
const generations: readonly HubGeneration[] = ["2025", "2026-snake", "2026"];

describe.skipIf(!fakeClockInstalled()).each([...generations])("under load, a Hub of %s", (generation) => {
  let clock: FakeClock;
  let world: ResilienceWorld;
  let poller: HttpPoller;
  let load: Load;
  let passedMs = 0;

  beforeAll(async () => {
    clock = createFakeClock("passing");
    // Long enough for a busy machine, as it is another answer that comes after it.
    const env = { ...clock.env, SUBMISSIONS__WAIT_SECONDS: "12" };
    world = await startResilienceWorld({ storage: "embedded", generation, env, name: `Hub of ${generation}` });
    poller = createHttpPoller(world);
    load = startLoad(world, { seed: 21, maxBytes: 2 * mebibyte, pauseMs: 60 });
  }, limitMs);
  afterAll(async () => {
    await load?.stop();
    await world?.stop();
    clock?.remove();
  });

  function pass(ms: number) {
    passedMs += ms;
    clock.set(passedMs);
  }
  function fail(path: RegExp, fault: HubFault, times?: number) {
    world.figures.faults += 1;
    return world.hub.fail({ path }, fault, times);
  }
  /** Of these generations; the others make no difference to it. */
  function promiseOf(which: readonly HubGeneration[], name: string, body: () => Promise<void>) {
    if (which.includes(generation)) test(name, body, limitMs);
  }
  const endOf = (id: string) => new RegExp(`/${id}$`);
  const streamOf = (id: string) => new RegExp(`/${id}/stream$`);
  const sealed = () => [["remote_node_id", world.surroundings.peerNodeId]] as const;
  const urlOf = (id: string, isSealed: boolean) =>
    `/intermediate/${id}${isSealed ? `?remote_node_id=${world.surroundings.peerNodeId}` : ""}`;

  async function send(hubClient: HubClient, content: Uint8Array<ArrayBuffer>, isSealed: boolean): Promise<string> {
    const answer = await poller.put(hubClient, "/intermediate", fileOf(content, "x"), isSealed ? sealed() : []);
    expect(answer.status).toBe(200);
    return String(fieldOf(answer, "object_id"));
  }

  async function read(hubClient: HubClient, url: string, pattern: RegExp, one: ReadCase) {
    const lift = fail(pattern, one.fault, one.times);
    const answer = await poller.get(hubClient, url);
    lift();
    const detail = answer.status === 200 ? undefined : fieldOf(answer, "detail");
    expect([one.what, answer.status, detail]).toEqual([one.what, one.status, one.detail]);
  }

  promiseOf(
    generations,
    "that fails an upload in any way gets every final once in the end, unless it is refused with its reason",
    async () => {
      const checks = await Promise.all(uploadCases(generation).map((one) => sendFinalTo(world, poller, one)));
      await Bun.sleep(1_000);
      for (const check of checks) await check();
    },
  );

  promiseOf(
    generations,
    "that fails an upload in any way gets an intermediate again when it is sent again, and keeps no part of it",
    async () => {
      await Promise.all(uploadCases(generation).map((one) => sendIntermediateTo(world, poller, one)));
    },
  );

  promiseOf(
    generations,
    "keeps the final that came first under a name: the next is refused, or renamed if it was taken on already",
    async () => {
      const hubClient = createHubClient(world);
      expect((await poller.put(hubClient, "/final", fileOf(large, "same.bin"))).status).toBe(204);
      expect((await poller.put(hubClient, "/final", fileOf(small, "same.bin"))).status).toBe(409);
      const lift = fail(hubClient.uploadsTo.RESULT, { kind: "status", status: 500 });
      for (const name of ["other.bin", "same.bin"])
        expect([name, (await poller.put(hubClient, "/final", fileOf(small, name))).status]).toEqual([name, 202]);
      lift();
      await eventually(() => expect(hubClient.files("RESULT")).toHaveLength(3), patienceMs);
      const files = hubClient.files("RESULT").map(({ path, size }) => `${path.replace(/-[\da-f]{8}/, "-ID")} ${size}`);
      expect(files.sort()).toEqual(["other.bin 1000", "same-ID.bin 1000", `same.bin ${large.byteLength}`]);
    },
  );

  promiseOf(["2025"], "gets each link of a final once, whatever becomes of the request for it", async () => {
    for (const fault of [{ kind: "drop" }, { kind: "status", status: 500 }, { kind: "garbage" }] as const) {
      const calm = load.disturb({ statuses: [502] });
      const hubClient = createHubClient(world);
      const lift = fail(/analysis-bucket-files$/, fault);
      const answer = await poller.put(hubClient, "/final", fileOf(small, "linked"));
      lift();
      calm();
      expect([fault.kind, answer.status]).toEqual([fault.kind, 202]);
      await eventually(() => expect(hubClient.files("RESULT")).toHaveLength(1), patienceMs);
      const links = () => linksOf(world, hubClient.files("RESULT")[0]?.id);
      await eventually(() => expect(links()).toBe(1), patienceMs);
    }
  });

  promiseOf(generations, "never sees an upload break off, at whatever point the client goes away", async () => {
    const hubClient = createHubClient(world);
    const token = await world.token(hubClient);
    const remoteNodeId = world.surroundings.peerNodeId;
    const gone = ["/intermediate", "/final"].flatMap((route) =>
      [0, 1, 60_000, mebibyte, large.byteLength].flatMap((bytes) =>
        [true, false].map((isChunked) => {
          const content = large.subarray(0, bytes);
          return vanishInUpload({ url: world.url, route, token, remoteNodeId, content, isChunked });
        }),
      ),
    );
    await Promise.all(gone);
    world.figures.requests += gone.length;
    world.figures.unanswered += gone.length;
    world.figures.faults += gone.length;
    const uploads = () => world.hub.requests.filter((request) => hubClient.uploadsTo.TEMP.test(request.path));
    await eventually(() => {
      expect(uploads().length).toBeGreaterThan(0);
      expect(uploads().map(({ status }) => status)).not.toContain(undefined);
    }, patienceMs);
    await eventually(() => expect(hubClient.files("TEMP")).toEqual([]), patienceMs);
    expect(hubClient.files("RESULT")).toEqual([]);
    expect(world.hub.state.brokenUploads).toBe(0);
  });

  promiseOf(
    ["2026"],
    "that answers a look-up with anything else is told from one that has nothing, and recovered from",
    async () => {
      await Promise.all(
        recordCases.map(async (one) => {
          const hubClient = createHubClient(world);
          await read(hubClient, "/local/tags", endOf(hubClient.clientId), one);
          expect((await poller.get(hubClient, "/local/tags")).status).toBe(200);
        }),
      );
    },
  );

  promiseOf(["2026"], "that fails a download does not make a short or a wrong file of it", async () => {
    for (const isSealed of [true, false]) await failDownloads(isSealed);
  });

  async function failDownloads(isSealed: boolean) {
    const hubClient = createHubClient(world);
    const readSmall = async (one: ReadCase, patternOf: (id: string) => RegExp) => {
      const id = await send(hubClient, small, isSealed);
      await read(hubClient, urlOf(id, isSealed), patternOf(id), one);
    };
    const id = await send(hubClient, large, isSealed);
    const status = () =>
      poller.get(hubClient, urlOf(id, isSealed)).then(
        (answer) => answer.status,
        () => "broken off",
      );
    const statusWith = async (fault: HubFault) => {
      const lift = fail(streamOf(id), fault);
      return status().finally(lift);
    };
    const readAll = readCases.map((one) => readSmall(one, streamOf));
    await Promise.all([...readAll, ...recordCases.map((one) => readSmall(one, endOf))]);
    // A reset may come before the first byte has gone on.
    const broken = ["broken off", 502];
    for (const afterBytes of [mebibyte, mebibyte + 200_000])
      expect(broken).toContain(await statusWith({ kind: "truncate", afterBytes }));
    expect(await statusWith({ kind: "garbage" })).toBe(isSealed ? 400 : "broken off");
    const stored = world.hub.state.files.get(id);
    if (stored === undefined) throw new Error("the Hub does not have it");
    const whole = await world.hub.readFile(id);
    for (const wrong of [whole.subarray(0, 1_500_000), Buffer.concat([whole, Buffer.from("more")])]) {
      stored.content = wrong;
      world.figures.faults += 1;
      expect(broken).toContain(await status());
    }
    stored.content = whole;
    expect(await status()).toBe(200);
  }

  promiseOf(
    generations,
    "that takes back its tokens is signed in to again, and one that refuses that as soon as it allows it",
    async () => {
      const calm = load.disturb({ statuses: [502] });
      world.hub.revokeTokens();
      expect((await poller.get(createHubClient(world), "/local/tags")).status).toBe(200);
      const lift = fail(/^\/auth\/token$/, signInFaults[generation]);
      world.hub.revokeTokens();
      const stranger = createHubClient(world);
      expect((await poller.get(stranger, "/local/tags")).status).toBe(502);
      expect((await poller.put(stranger, "/final", fileOf(small, "kept"))).status).toBe(202);
      lift();
      // A refused sign-in is tried again after five seconds.
      pass(5_500);
      await eventually(async () => expect((await poller.get(stranger, "/local/tags")).status).toBe(200), patienceMs);
      await eventually(() => expect(stranger.files("RESULT")).toHaveLength(1), patienceMs);
      await Bun.sleep(300);
      calm();
    },
  );

  promiseOf(["2026"], "that is slow, restarts or closes connections costs no final and no restart", async () => {
    world.hub.delayMs = 250;
    await Bun.sleep(700);
    world.hub.delayMs = 0;
    const calm = load.disturb({ statuses: [502, 504], unanswered: true });
    for (const awayMs of [0, 2_000, 300]) {
      await world.hubLine.refuse();
      world.hubLine.cut();
      await Bun.sleep(awayMs);
      await world.hubLine.resume();
      await Bun.sleep(300);
    }
    calm();
  });

  promiseOf(
    ["2026"],
    "that says nothing at all is given up in time, and finals go to it when it speaks again",
    async () => {
      const calm = load.disturb({ statuses: [408, 502, 504], unanswered: true });
      const [lookedUp, sending, reading] = [createHubClient(world), createHubClient(world), createHubClient(world)];
      const id = await send(reading, large, false);
      await send(sending, small, true);
      const { RESULT, TEMP } = sending.uploadsTo;
      const silent = [endOf(lookedUp.clientId), RESULT, TEMP, streamOf(id)];
      const lifts = silent.map((path) => fail(path, { kind: "hang" }));
      const final = poller.put(sending, "/final", fileOf(large, "z"));
      const lookUp = poller.get(lookedUp, "/local/tags");
      const transfers = [
        poller.put(sending, "/intermediate", fileOf(large, "y"), sealed()),
        poller.get(reading, `/intermediate/${id}`),
      ];
      const asked = () => silent.filter((path) => world.hub.requests.some((request) => path.test(request.path)));
      await eventually(() => expect(asked()).toEqual(silent), patienceMs);
      const late = { detail: "The Hub did not answer in time" };
      pass(15_500);
      const answers = [await lookUp];
      expect((await final).status).toBe(202);
      pass(61_000);
      answers.push(...(await Promise.all(transfers)));
      expect(answers.map(({ status, json }) => [status, json])).toEqual([
        [504, late],
        [504, late],
        [504, late],
      ]);
      for (const lift of lifts) lift();
      await Bun.sleep(500);
      calm();
      await eventually(() => expect(sending.files("RESULT")).toHaveLength(1), patienceMs);
      expect((await poller.get(reading, `/intermediate/${id}`)).status).toBe(200);
    },
  );

  promiseOf(generations, "has got everything that was acknowledged, once", async () => {
    await load.stop();
    // Connections that are kept, and closed by the Hub meanwhile.
    for (let round = 0; round < 5; round++) {
      const hubClient = createHubClient(world);
      expect((await poller.get(hubClient, "/local/tags")).status).toBe(200);
      world.hubLine.cut();
      expect((await poller.put(hubClient, "/final", fileOf(small, "x"))).status).toBe(204);
      world.hubLine.cut();
    }
    await verifyAfter(world, load);
  });
});
