import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { doctor } from "../../src/commands/doctor/doctor.ts";
import { type PeersRequest, peers } from "../../src/commands/peers.ts";
import { generateKeyPair, parsePublicKey } from "../../src/crypto/keys.ts";
import { createTestIo } from "../commands/test-io.ts";
import { contentOf, pathOf, send } from "../support/intermediates.ts";
import { type Backend, backends, formOf, isAvailable, startTestService, type TestService } from "../support/service.ts";

const content = contentOf(1_200_000);

/** The same node once more, on the same data: after a restart, or as a second process. */
const again = (service: TestService, env: Record<string, string>, backend: Backend = "embedded") => {
  const given = Object.entries({ ...service.environment, ...env });
  const kept = given.filter((entry): entry is [string, string] => entry[1] !== undefined);
  return startTestService({ besides: service, backend, env: Object.fromEntries(kept) });
};

async function command(service: TestService, request: PeersRequest) {
  const io = createTestIo(service.environment);
  const code = await peers(io, request);
  return { code, out: io.printed.join("\n"), err: io.errors.join("\n") };
}
const list = async (service: TestService) => JSON.parse((await command(service, { action: "list", json: true })).out);
const changesOf = (service: TestService) => service.logLines.filter(({ event }) => event === "peer.key_changed");

const read = (by: TestService, url: string) => by.fetch("1", pathOf(url));
async function expectRead(by: TestService, url: string) {
  const response = await read(by, url);
  expect(response.status).toBe(200);
  expect(Buffer.from(content).equals(await response.bytes())).toBe(true);
}
async function expectRefusal(by: TestService, sent: { url: string; object_id: string }, sender: string) {
  const response = await read(by, sent.url);
  const detail = `Failed to decrypt file with ID ${sent.object_id} which was encrypted by node ${sender}.`;
  expect([response.status, await response.json()]).toEqual([400, { detail }]);
}
const framingAt = async (service: TestService, id: string) => {
  const head = (await service.hub.readFile(id)).subarray(0, 8);
  return Buffer.from(head).toString("latin1") === "FLAMEv2\n" ? "bound" : "older";
};

for (const backend of backends) {
  describe.skipIf(!isAvailable(backend))(`a node's key that changes on the Hub, on ${backend} storage`, () => {
    let strict: TestService;
    const env = { HUB__CACHE_SECONDS: "0", CRYPTO__PIN: "strict", RECORD__ENABLED: "1" };
    beforeEach(async () => {
      strict = await startTestService({ backend, env });
    });
    afterEach(() => strict.stop());

    const refused = () => {
      const detail = `The public key of node ${strict.peerNodeId} has changed; an operator must trust it.`;
      return [400, { detail }] as const;
    };
    async function put(service: TestService) {
      const form = formOf(["remote_node_id", strict.peerNodeId], ["file", new File(["secret"], "a.bin")]);
      const response = await service.fetch("1", "/intermediate", { method: "PUT", body: form });
      return [response.status, await response.json()] as const;
    }
    const filesAtHub = () => strict.hub.filesOf(strict.hub.bucketOf(strict.analyses[0], "TEMP").bucketId ?? "").length;

    test("is refused with strict pins on every way, by every process, until an operator trusts it", async () => {
      const first = await send(strict, content, strict.peerNodeId);
      const stored = formOf(["file", new File(["secret"], "a.bin")]);
      const kept = await strict.fetch("1", "/local", { method: "PUT", body: stored });
      const local = (await kept.json()) as { object_id: string };
      const before = filesAtHub();
      strict.hub.setNodeKey(strict.peerNodeId, generateKeyPair("P-384").publicKey.hex);

      expect(await put(strict)).toEqual(refused());
      expect(await put(strict)).toEqual(refused());
      const upload = `/local/upload?object_id=${local.object_id}&remote_node_id=${strict.peerNodeId}`;
      const ways = [
        strict.fetch("1", upload, { method: "PUT" }),
        strict.fetch("1", `/intermediate/${first.object_id}?remote_node_id=${strict.peerNodeId}`),
      ];
      for (const response of await Promise.all(ways)) {
        expect([response.status, await response.json()]).toEqual([...refused()]);
      }
      expect(filesAtHub()).toBe(before);
      expect(changesOf(strict).map(({ fields }) => fields)).toMatchObject([
        { peerNodeId: strict.peerNodeId, outcome: "denied" },
      ]);

      if (backend === "servers") {
        const second = await again(strict, {}, backend);
        expect(await put(second)).toEqual(refused());
        expect(changesOf(second)).toEqual([]);
        await second.shutDown();
      }
      const [peer] = await list(strict);
      const waiting: string = peer.waiting_key_sha256;
      expect(waiting).toMatch(/^[0-9a-f]{64}$/);
      const examined = createTestIo(strict.environment);
      await doctor(examined, {}, { now: Date.now, limitMs: 30_000 });
      const message = `the Hub gives another public key than before for ${strict.peerNodeId}`;
      expect(examined.printed.find((line) => line.includes("peers"))).toContain(message);
      const wrong = { action: "trust", node: strict.peerNodeId, key: "0".repeat(64) } as const;
      expect(await command(strict, wrong)).toMatchObject({
        code: 1,
        err: expect.stringContaining(waiting),
      });
      expect(await put(strict)).toEqual(refused());
      expect(await command(strict, { action: "trust", node: strict.peerNodeId.toUpperCase() })).toMatchObject({
        code: 0,
      });
      expect((await put(strict))[0]).toBe(200);
      expect(await list(strict)).toMatchObject([{ key_sha256: waiting, waiting_key_sha256: null }]);
    });

    test("stays refused after a restart, and forgetting the node ends it, too", async () => {
      await send(strict, content, strict.peerNodeId);
      strict.hub.setNodeKey(strict.peerNodeId, generateKeyPair("P-384").publicKey.hex);
      await strict.shutDown();
      const restarted = await again(strict, {}, backend);
      expect(await put(restarted)).toEqual(refused());
      expect(await command(restarted, { action: "forget", node: strict.peerNodeId })).toMatchObject({ code: 0 });
      expect(await command(restarted, { action: "forget", node: strict.peerNodeId })).toMatchObject({ code: 1 });
      expect(await command(restarted, { action: "trust", node: strict.peerNodeId })).toMatchObject({ code: 1 });
      expect((await put(restarted))[0]).toBe(200);
      await restarted.shutDown();
    });
  });
}

describe("by default", () => {
  let a: TestService;
  beforeAll(async () => {
    a = await startTestService({
      env: { HUB__CACHE_SECONDS: "0", RECORD__ENABLED: "1", OPERATOR__CLIENT_IDS: "hub-adapter" },
    });
  });
  afterAll(() => a.stop());

  test("a changed key is used, is an audit event once, and is on record", async () => {
    await send(a, content, a.peerNodeId);
    await send(a, content, a.peerNodeId);
    expect(changesOf(a)).toEqual([]);
    const key = generateKeyPair("P-384").publicKey;
    a.hub.setNodeKey(a.peerNodeId, key.hex);
    for (let file = 0; file < 3; file++) await send(a, content, a.peerNodeId);
    expect(changesOf(a).map(({ level, fields }) => ({ level, ...fields }))).toMatchObject([
      { level: "info", peerNodeId: a.peerNodeId, keySha256: key.fingerprint, outcome: "ok" },
    ]);
    const record = await a.fetch("adapter", "/operator/record?event=peer.key_changed");
    expect(await record.json()).toMatchObject({
      total: 1,
      items: [{ peer_node_id: a.peerNodeId, sha256: key.fingerprint, outcome: "ok", analysis_id: null }],
    });
  });

  test("no number and no check speaks of peers", async () => {
    expect(await (await fetch(`${a.url}/metrics`)).text()).not.toContain("flame_result_peers");
    const examined = createTestIo(a.environment);
    await doctor(examined, {}, { now: Date.now, limitMs: 30_000 });
    expect(examined.printed.filter((line) => / peers /.test(line))).toEqual([]);
  });
});

describe("between nodes of which one sends bound", () => {
  let a: TestService;
  let b: TestService;
  beforeAll(async () => {
    a = await startTestService({ env: { CRYPTO__FRAMING: "auto", OPERATOR__CLIENT_IDS: "hub-adapter" } });
    b = await startTestService({ besides: a });
  });
  afterAll(async () => {
    await b.stop();
    await a.stop();
  });

  test("auto follows whoever has sent bound, refuses its old recordings, and forget undoes it", async () => {
    const recording = await send(b, content, a.nodeId);
    await expectRead(a, recording.url);
    const early = await send(a, content, b.nodeId);
    expect([await framingAt(a, early.object_id), early.url.includes("seal=")]).toEqual(["older", false]);
    await expectRead(b, early.url);

    const upgraded = await startTestService({ besides: a, env: { CRYPTO__FRAMING: "bound" } });
    const bound = await send(upgraded, content, a.nodeId);
    await expectRead(a, bound.url);
    const answer = await send(a, content, b.nodeId);
    expect([await framingAt(a, answer.object_id), answer.url.includes("&seal=")]).toEqual(["bound", true]);
    await expectRead(upgraded, answer.url);
    await expectRead(b, answer.url);
    await expectRefusal(a, recording, b.nodeId);
    expect(JSON.stringify(a.logLines)).toContain("peers forget");

    const metrics = await (await fetch(`${a.url}/metrics`)).text();
    expect(metrics).toContain('flame_result_peers{framing="bound"} 1');
    expect(metrics).not.toContain(b.nodeId);
    const examined = createTestIo(a.environment);
    await doctor(examined, {}, { now: Date.now, limitMs: 30_000 });
    const line = examined.printed.find((text) => / peers /.test(text));
    expect(line).toContain("1 known, 1 of them last seen with bound framing");

    const table = await command(a, { action: "list", json: false });
    expect(table.out).toMatch(/^NODE +FRAMING +BOUND SINCE +LAST SEEN/);
    expect(table.out).toContain(`${b.nodeId}  bound`);
    expect((await command(a, { action: "forget", node: b.nodeId })).code).toBe(0);
    await expectRead(a, recording.url);
    expect(await framingAt(a, (await send(a, content, b.nodeId)).object_id)).toBe("older");
    await expectRead(a, bound.url);
    await expectRefusal(a, recording, b.nodeId);
    await upgraded.stop();
  });

  test("that a node has moved on is kept over a restart", async () => {
    const sender = await startTestService({ env: { CRYPTO__FRAMING: "bound" } });
    const receiver = await startTestService({ besides: sender, env: { CRYPTO__FRAMING: "bound" } });
    const older = await again(sender, { DATA_DIR: `${receiver.dataDir}-older`, CRYPTO__FRAMING: "segmented" });
    const recording = await send(older, content, receiver.nodeId);
    await expectRead(receiver, (await send(sender, content, receiver.nodeId)).url);
    await receiver.shutDown();
    const restarted = await again(receiver, {});
    await expectRefusal(restarted, recording, sender.nodeId);
    await restarted.shutDown();
    const segmented = await again(receiver, { CRYPTO__FRAMING: "segmented" });
    await expectRead(segmented, recording.url);
    await segmented.shutDown();
    for (const service of [older, receiver, sender]) await service.stop();
  });
});

test("operators see, trust and forget peers on the routes, too, and trust no other key than they looked at", async () => {
  const env = { HUB__CACHE_SECONDS: "0", CRYPTO__PIN: "strict", OPERATOR__CLIENT_IDS: "hub-adapter" };
  const service = await startTestService({ env });
  const nodeId = service.peerNodeId;
  const known = service.world.seed.nodes.find(({ id }) => id === nodeId)?.publicKey ?? "";
  const key = generateKeyPair("P-384").publicKey;
  const trust = async (body: unknown) => {
    const headers = { "content-type": "application/json" };
    const path = `/operator/peers/${nodeId}/trust`;
    const response = await service.fetch("adapter", path, { method: "POST", body: JSON.stringify(body), headers });
    return [response.status, (await response.text()).replace(/^\{"detail":"(.*)"\}$/, "$1")];
  };
  const forget = () => service.fetch("adapter", `/operator/peers/${nodeId}`, { method: "DELETE" });

  expect(await trust({ key_sha256: key.fingerprint })).toEqual([404, `Node ${nodeId} is not known here.`]);
  await send(service, content, nodeId);
  expect(await trust({ key_sha256: key.fingerprint })).toEqual([
    409,
    `No other key of node ${nodeId} waits to be trusted.`,
  ]);
  service.hub.setNodeKey(nodeId, key.hex);
  const form = formOf(["remote_node_id", nodeId], ["file", new File(["secret"], "a.bin")]);
  expect((await service.fetch("1", "/intermediate", { method: "PUT", body: form })).status).toBe(400);
  const page = await (await service.fetch("adapter", "/operator/peers?limit=1")).json();
  expect(page).toMatchObject({
    total: 1,
    next_cursor: null,
    items: [
      {
        node_id: nodeId,
        key_sha256: parsePublicKey(known).fingerprint,
        waiting_key_sha256: key.fingerprint,
        framing: null,
        bound_since: null,
      },
    ],
  });
  expect(await trust({ key_sha256: "0".repeat(64) })).toEqual([412, "The key is not the one you looked at."]);
  expect((await trust({}))[0]).toBe(422);
  expect(await trust({ key_sha256: key.fingerprint })).toEqual([204, ""]);
  await send(service, content, nodeId);
  expect([(await forget()).status, (await forget()).status]).toEqual([204, 404]);
  await service.stop();
});
