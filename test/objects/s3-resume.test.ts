import { afterEach, describe, expect, test } from "bun:test";
import type { ByteRange } from "../../src/objects/object-store.ts";
import { createS3ObjectStore } from "../../src/objects/s3/s3-object-store.ts";
import { eventually } from "../support/eventually.ts";
import { createTestLog } from "../support/log.ts";
import { type BreakingStore, type Play, startBreakingStore } from "./breaking-store.ts";
import { bytesOf, failureOf, patternBytes, sha256 } from "./streams.ts";

const credentials = { region: "us-east-1", bucket: "bucket", accessKey: "key", secretKey: "secret" };
const publicFailure = { code: "object_store", message: "Unexpected error from object store" };
const sizeBytes = 2_000_000;
const bytes = patternBytes(sizeBytes);
const etag = '"one"';
const someBytes = 300_000;

const stores: BreakingStore[] = [];
afterEach(() => {
  for (const store of stores.splice(0)) store.leave();
});

/** Opens an object in a store that answers the first requests as told. */
async function openFrom(plays: readonly Play[], { range, idleMs }: { range?: ByteRange; idleMs?: number } = {}) {
  const server = await startBreakingStore({ bytes, etag });
  stores.push(server);
  server.plays.push(...plays);
  const { log, lines } = createTestLog();
  const idle = idleMs === undefined ? {} : { idleMs };
  const store = createS3ObjectStore({ ...credentials, endpoint: server.endpoint, log, ...idle });
  const opened = await store.open("a/b", range);
  if (!(opened?.body instanceof ReadableStream)) throw new Error("A stream was expected");
  const warnings = () => lines.filter(({ level }) => level === "warn").map(({ fields }) => String(fields.reason));
  return { server, info: opened.info, body: opened.body, warnings };
}

/** Reads a stream piece by piece. */
function readerOf(body: ReadableStream<Uint8Array>) {
  const reader = body.getReader();
  return {
    read: () => reader.read(),
    cancel: () => reader.cancel(),
    /** Reads so many bytes, which must be there. */
    async readBytes(wantedBytes: number) {
      let readBytes = 0;
      while (readBytes < wantedBytes) readBytes += (await reader.read()).value?.byteLength ?? 0;
      expect(readBytes).toBe(wantedBytes);
    },
    async readRest() {
      const chunks: Uint8Array[] = [];
      for (let next = await reader.read(); !next.done; next = await reader.read()) chunks.push(next.value);
      return new Uint8Array(Buffer.concat(chunks));
    },
  };
}

const breakAfter = (afterBytes: number) => ({ kind: "break", afterBytes }) as const;
const stopAfter = (afterBytes: number) => ({ kind: "silent", afterBytes }) as const;

describe("a body that breaks off", () => {
  for (const by of [undefined, "reset"] as const) {
    test(`goes on where it stopped, as often as it takes, by ${by ?? "end"}`, async () => {
      const times = 6;
      const { server, info, body, warnings } = await openFrom(
        Array.from({ length: times }, () => stopAfter(someBytes)),
      );
      const reader = readerOf(body);
      for (let time = 0; time < times; time++) {
        await reader.readBytes(someBytes);
        server.breakOff(by);
      }
      expect(sha256(await reader.readRest())).toBe(sha256(bytes.subarray(times * someBytes)));
      expect(info).toMatchObject({ sizeBytes, etag });
      expect(server.requests).toEqual([
        { range: undefined, ifMatch: undefined },
        ...Array.from({ length: times }, (_, time) => ({
          range: `bytes=${(time + 1) * someBytes}-${sizeBytes - 1}`,
          ifMatch: etag,
        })),
      ]);
      expect(warnings()).toEqual([]);
    }, 20_000);
  }

  test("comes whole from a store that loses bytes when it breaks off", async () => {
    const { server, body } = await openFrom([breakAfter(someBytes), breakAfter(someBytes)]);
    expect(sha256(await bytesOf(body))).toBe(sha256(bytes));
    expect(server.requests).toHaveLength(3);
  });

  test("asks again for just what it did not get, within the range that was asked for", async () => {
    for (const range of [undefined, { start: 100_001, end: 1_800_000 }]) {
      const { start, end } = range ?? { start: 0, end: sizeBytes - 1 };
      const plays = [stopAfter(someBytes), stopAfter(1)];
      const { server, info, body } = await openFrom(plays, range === undefined ? {} : { range });
      const reader = readerOf(body);
      await reader.readBytes(someBytes);
      server.breakOff();
      await reader.readBytes(1);
      server.breakOff();
      expect(sha256(await reader.readRest())).toBe(sha256(bytes.subarray(start + someBytes + 1, end + 1)));
      expect(info.sizeBytes).toBe(sizeBytes);
      const [first, ...others] = server.requests.map((one) => one.range);
      expect(first).toBe(range === undefined ? undefined : `bytes=${start}-${end}`);
      expect(others).toEqual([0, 1].map((more) => `bytes=${start + someBytes + more}-${end}`));
    }
  });

  test("at its last byte asks for that byte, and behind it for nothing", async () => {
    const { server, body } = await openFrom([stopAfter(sizeBytes - 1)]);
    const reader = readerOf(body);
    await reader.readBytes(sizeBytes - 1);
    server.breakOff();
    expect(await reader.readRest()).toEqual(bytes.slice(sizeBytes - 1));
    expect(server.requests[1]?.range).toBe(`bytes=${sizeBytes - 1}-${sizeBytes - 1}`);

    const whole = await openFrom([{ kind: "endless" }], { range: { start: 0, end: sizeBytes - 1 } });
    const wholeReader = readerOf(whole.body);
    await wholeReader.readBytes(sizeBytes);
    whole.server.breakOff();
    expect(await wholeReader.readRest()).toHaveLength(0);
    expect(whole.server.requests).toHaveLength(1);
  });
});

describe("a body that broke off is never ended with other bytes: it breaks off for good", () => {
  const others: readonly [string, (server: BreakingStore) => void, string][] = [
    ["the object was replaced", (server) => replace(server, { etag: '"two"' }), "PreconditionFailed"],
    ["the object is gone", (server) => replace(server, undefined), "NoSuchKey"],
    [
      "the object was replaced in a store without conditions",
      (server) => replace(server, { etag: '"two"' }, "if-match"),
      "UnexpectedAnswer",
    ],
    [
      "the object has another size",
      (server) => replace(server, { bytes: patternBytes(2_100_000) }),
      "UnexpectedAnswer",
    ],
    ["the store sends the whole object again", (server) => void server.ignored.add("range"), "UnexpectedAnswer"],
  ];
  test.each(others)("%s", async (_name, change, code) => {
    const { server, body, warnings } = await openFrom([stopAfter(someBytes)]);
    const reader = readerOf(body);
    await reader.readBytes(someBytes);
    change(server);
    server.breakOff();
    expect(await failureOf(reader.read())).toMatchObject(publicFailure);
    expect(warnings()).toEqual([expect.stringContaining(code)]);
    expect(server.requests).toHaveLength(2);
  });

  function replace(server: BreakingStore, change: object | undefined, ignored?: "if-match") {
    server.object = change === undefined ? undefined : { bytes, etag, ...change };
    if (ignored !== undefined) server.ignored.add(ignored);
  }
});

describe("a store that is of no use is not asked for ever", () => {
  test("one that is away", async () => {
    const { server, body, warnings } = await openFrom([stopAfter(someBytes)]);
    const reader = readerOf(body);
    await reader.readBytes(someBytes);
    server.leave();
    expect(await failureOf(reader.read())).toMatchObject(publicFailure);
    expect(warnings()).toEqual([expect.stringContaining("nothing listens")]);
  });

  test("one that breaks off before the first byte each time", async () => {
    const { server, body, warnings } = await openFrom([
      stopAfter(someBytes),
      ...Array.from({ length: 100 }, () => breakAfter(0)),
    ]);
    const reader = readerOf(body);
    await reader.readBytes(someBytes);
    server.breakOff();
    expect(await failureOf(reader.read())).toMatchObject(publicFailure);
    expect(server.requests).toHaveLength(4);
    expect(warnings()).toEqual([expect.stringContaining("broke off")]);
  }, 20_000);

  test("one that breaks off after a few bytes each time", async () => {
    const { server, body, warnings } = await openFrom(Array.from({ length: 100 }, () => stopAfter(1_000)));
    const reader = readerOf(body);
    for (let time = 0; time < 4; time++) {
      await reader.readBytes(1_000);
      server.breakOff();
    }
    expect(await failureOf(reader.read())).toMatchObject(publicFailure);
    expect(server.requests).toHaveLength(4);
    expect(warnings()).toEqual([expect.stringContaining("broke off")]);
  }, 20_000);

  for (const afterBytes of [0, 1, someBytes]) {
    test(`one that falls silent after ${afterBytes} bytes, which frees the connection`, async () => {
      const plays = [breakAfter(someBytes), stopAfter(afterBytes)];
      const { server, body, warnings } = await openFrom(plays, { idleMs: 1_500 });
      expect(await failureOf(bytesOf(body))).toMatchObject(publicFailure);
      expect(warnings()).toEqual([expect.stringContaining("IdleTimeout")]);
      expect(server.requests).toHaveLength(2);
      await eventually(() => expect(server.connections).toBe(0));
    });
  }
});

describe("cancelling a body that broke off", () => {
  test("frees the connection it goes on with", async () => {
    const { server, body, warnings } = await openFrom([breakAfter(someBytes), stopAfter(someBytes)]);
    const reader = readerOf(body);
    while (server.requests.length < 2) await reader.read();
    expect(server.connections).toBe(1);
    await reader.cancel();
    await eventually(() => expect(server.connections).toBe(0));
    expect(warnings()).toEqual([]);
  });

  for (const play of [stopAfter(0), breakAfter(0)]) {
    test(`while it tries to go on ends that: ${play.kind}`, async () => {
      const { server, body, warnings } = await openFrom([stopAfter(someBytes), play, play, play]);
      const reader = readerOf(body);
      await reader.readBytes(someBytes);
      server.breakOff();
      const pending = reader.read();
      await eventually(() => expect(server.requests).toHaveLength(2));
      await reader.cancel();
      expect((await pending).done).toBe(true);
      await eventually(() => expect(server.connections).toBe(0));
      await Bun.sleep(1_000);
      expect(server.requests).toHaveLength(2);
      expect(warnings()).toEqual([]);
    });
  }
});
