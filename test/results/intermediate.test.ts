import { expect, test } from "bun:test";
import type { NodeCipher } from "../../src/crypto/node-cipher.ts";
import type { Hub, HubFile } from "../../src/hub/hub.ts";
import { createIntermediateResults } from "../../src/results/intermediate.ts";
import type { Spool } from "../../src/streams/spool.ts";
import { createTestLog } from "../support/log.ts";
import { bucketOf, fakeHub, fakePeers } from "./fakes.ts";

const analysisId = crypto.randomUUID();
const unused = () => {
  throw new Error("not expected to be called");
};
const cipher: NodeCipher = {
  seal: unused,
  open: unused,
  sealedSize: unused,
  bound: { seal: unused, sealedSize: unused },
};
const spool: Spool = { write: unused, sweep: unused };

function createSubject(hub: Partial<Hub>, deleteAfterRead = false) {
  const { log, lines } = createTestLog();
  const options = { requireEncryption: false, anyAnalysis: false, deleteAfterRead, urlWithNodeId: true };
  const parts = {
    cipher,
    peers: fakePeers(),
    spool,
    local: { open: unused },
    findOwnNodeId: unused,
    newId: unused,
    options,
    log,
  };
  const trail = () => lines.filter(({ event }) => event === "intermediate.received").map(({ fields }) => fields);
  return { intermediate: createIntermediateResults({ hub: fakeHub(hub), ...parts }), lines, trail };
}

const fileIn = (type: string, of = analysisId): HubFile => ({
  id: crypto.randomUUID(),
  bucketId: bucketOf(of, type).bucketId,
  name: "ward-7.csv",
  path: "ward-7.csv",
  sizeBytes: 6,
});

const content = () =>
  new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        controller.enqueue(new Uint8Array(3));
      },
    },
    { highWaterMark: 0 },
  );

test("an analysis reads its intermediate and its RESULT files, and nobody else's", async () => {
  for (const type of ["TEMP", "RESULT"]) {
    const file = fileIn(type);
    const { intermediate } = createSubject({ findFile: async () => file });
    expect(await intermediate.find(analysisId, file.id)).toBe(file);
    const refusal = { code: "not_found", message: `Object with ID ${file.id} does not exist` };
    await expect(intermediate.find(crypto.randomUUID(), file.id)).rejects.toMatchObject(refusal);
    await expect(intermediate.find("no-analysis", file.id)).rejects.toMatchObject(refusal);
  }
  const code = fileIn("CODE");
  const { intermediate } = createSubject({ findFile: async () => code });
  await expect(intermediate.find(analysisId, code.id)).rejects.toMatchObject({ code: "not_found" });
});

test("a delivery is on record once it has ended, with how: whole, cancelled, broken off, or to a client that was gone", async () => {
  const file = fileIn("TEMP");
  const removed: string[] = [];
  const facts = { analysisId, objectId: file.id, bytes: 6 };
  const failed = (code: string) => ({ ...facts, outcome: "failed", code });
  const whole = () => new Blob([new Uint8Array(6)]).stream();
  const short = () => new Blob([new Uint8Array(2)]).stream();
  const deliver = async (body: () => ReadableStream<Uint8Array>, signal = new AbortController().signal) => {
    const removeFile = async (id: string) => removed.push(id) > 0;
    const subject = createSubject({ download: async () => body(), removeFile }, true);
    return { ...subject, body: await subject.intermediate.deliver(analysisId, file, undefined, signal) };
  };

  const good = await deliver(whole);
  expect(good.trail()).toEqual([]);
  await new Response(good.body).arrayBuffer();
  expect([good.trail(), removed]).toEqual([[{ ...facts, outcome: "ok" }], [file.id]]);

  const cancelled = await deliver(content);
  const reader = cancelled.body.getReader();
  await reader.read();
  await reader.cancel();
  expect(cancelled.trail()).toEqual([failed("client_gone")]);
  expect(cancelled.lines.map(({ level, event }) => [level, event])).toContainEqual(["warn", "intermediate.broken_off"]);

  const broken = await deliver(short);
  expect(await new Response(broken.body).arrayBuffer().catch(() => "broken")).toBe("broken");
  expect(broken.trail()).toEqual([failed("hub_unexpected")]);

  const gone = await deliver(whole, AbortSignal.abort());
  await new Response(gone.body).arrayBuffer();
  expect(gone.trail()).toEqual([failed("client_gone")]);
  expect(removed).toEqual([file.id]);
  for (const { lines } of [good, cancelled, broken, gone]) expect(JSON.stringify(lines)).not.toContain("ward-7");
});
