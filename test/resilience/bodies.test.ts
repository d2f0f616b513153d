import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { gzipSync } from "node:zlib";
import { eventually } from "../support/eventually.ts";
import { isAvailable } from "../support/service.ts";
import { openStorageView, type StorageView } from "./support/storage-view.ts";
import { type ResilienceWorld, startResilienceWorld } from "./support/world.ts";
import { bearer, chunked, formOf, formType, headOf } from "./wire/requests.ts";
import { type Talk, type TalkOptions, talk } from "./wire/talk.ts";

let world: ResilienceWorld;
let storage: StorageView;
let authorization: string;
/** Ids of the files whose upload was answered with success. */
const acknowledged = new Set<string>();

beforeAll(async () => {
  world = await startResilienceWorld({ storage: isAvailable("servers") ? "servers" : "embedded", name: "bodies" });
  storage = openStorageView(world);
  authorization = await bearer(world);
}, 120_000);
afterAll(async () => {
  await storage.close();
  await world.stop();
});

const content = "0123456789\r\n--cu\r\n--cux and\0whatever";
const form = formOf(content);
const put = (headers: Parameters<typeof headOf>[1], version?: string) =>
  headOf("PUT /local", { Authorization: authorization, "Content-Type": formType, ...headers }, version);
const withLength = (body = form, length = body.length) => put({ "Content-Length": length }) + body;
const asChunks = (body: string, coding: string | readonly string[] = "chunked") =>
  put({ "Transfer-Encoding": coding }) + body;
const list = async () => new Set((await Array.fromAsync(storage.objects.list(""))).map((key) => key.split("/").at(-1)));

async function send(pieces: readonly string[], options: TalkOptions = {}): Promise<Talk> {
  const result = await talk(world, pieces, { methods: ["PUT"], ...options });
  for (const { status, body } of result.answers) {
    if (status !== 200) continue;
    acknowledged.add((JSON.parse(body) as { object_id: string }).object_id);
    world.figures.acknowledged += 1;
  }
  return result;
}

describe("an upload is taken", () => {
  const chunksOf = (size: number) => form.match(new RegExp(`[^]{1,${size}}`, "g")) ?? [];
  const sized = (format: (size: number) => string) =>
    `${chunksOf(9)
      .map((chunk) => `${format(chunk.length)}\r\n${chunk}\r\n`)
      .join("")}${format(0)}\r\n\r\n`;

  test.each<[string, () => readonly string[]]>([
    ["with its length", () => [withLength()]],
    ["with its length, a byte at a time", () => [put({ "Content-Length": form.length }), ...chunksOf(1)]],
    [
      "with its length named twice alike",
      () => [put({ "Content-Length": [`${form.length}`, `${form.length}`] }) + form],
    ],
    ["as one chunk", () => [asChunks(chunked(form))]],
    ["as chunks of a byte", () => [asChunks(chunked(...chunksOf(1)))]],
    [
      "as chunks of seven bytes, each sent by itself",
      () => [
        asChunks(""),
        ...chunksOf(7)
          .map((c) => `7\r\n${c}\r\n`)
          .slice(0, -1),
        lastChunks(),
      ],
    ],
    ["as a chunk whose frame comes a byte at a time", () => [asChunks(""), ...chunked(form)]],
    ["as chunks with extensions", () => [asChunks(sized((size) => `${size.toString(16)};a=b;c="d"`))]],
    [
      "as chunks with sizes in capitals behind zeros",
      () => [asChunks(sized((size) => `0000${size.toString(16).toUpperCase()}`))],
    ],
    ["with the coding in capitals", () => [asChunks(chunked(form), "CHUNKED")]],
    ["over HTTP/1.0", () => [put({ "Content-Length": form.length }, "1.0") + form]],
  ])("%s, and comes back as it was", async (_, request) => {
    const { answers } = await send(request());
    expect(answers.map(({ status }) => status)).toEqual([200]);
    const { object_id: objectId } = JSON.parse(answers[0]?.body ?? "") as { object_id: string };
    const read = await fetch(`${world.url}/local/${objectId}`, { headers: { authorization } });
    expect(await read.text()).toBe(content);
    world.figures.requests += 1;
    world.figures.bytesVerified += content.length;
  });

  function lastChunks() {
    const last = chunksOf(7).at(-1) ?? "";
    return chunked(last);
  }
});

describe("an upload is refused, and its connection closed,", () => {
  const size = form.length.toString(16);
  const oneChunk = (sizeText: string) => asChunks(`${sizeText}\r\n${form}\r\n0\r\n\r\n`);

  test.each<[string, () => string]>([
    [
      "with a length and as chunks",
      () => put({ "Content-Length": form.length, "Transfer-Encoding": "chunked" }) + chunked(form),
    ],
    ["as chunks and with a length", () => put({ "Transfer-Encoding": "chunked", "Content-Length": 4 }) + chunked(form)],
    ["with two lengths", () => put({ "Content-Length": [`${form.length}`, `${form.length + 1}`] }) + form],
    ["with a list of lengths", () => put({ "Content-Length": `${form.length}, ${form.length}` }) + form],
    ...["+9", "-1", "0x10", "1 2", "1e3", "9".repeat(30), "", "1.5", "١"].map((length): [string, () => string] => [
      `with the length ${JSON.stringify(length)}`,
      () => put({ "Content-Length": length }) + form,
    ]),
    ...[
      "gzip, chunked",
      "chunked, gzip",
      "identity",
      "xchunked",
      "chunked, chunked",
      '"chunked"',
      "chunked;q=1",
      "gzip",
      "",
    ].map((coding): [string, () => string] => [
      `with the transfer coding ${JSON.stringify(coding)}`,
      () => asChunks(chunked(form), coding),
    ]),
    ["with a transfer coding twice", () => asChunks(chunked(form), ["chunked", "chunked"])],
    ["with a second transfer coding", () => asChunks(chunked(form), ["chunked", "identity"])],
    [
      "with a space before the colon",
      () => asChunks(chunked(form)).replace("Transfer-Encoding:", "Transfer-Encoding :"),
    ],
    ["with a folded header", () => put({ "X-Folded": "a\r\n Transfer-Encoding: chunked" }) + chunked(form)],
    ["as chunks over HTTP/1.0", () => put({ "Transfer-Encoding": "chunked" }, "1.0") + chunked(form)],
    ...[
      "F".repeat(18),
      `8${"0".repeat(15)}`,
      `7${"f".repeat(15)}`,
      `f${"f".repeat(14)}0`,
      "-5",
      "+5",
      "0x5",
      "5 ",
      "",
      "g",
    ].map((text): [string, () => string] => [`with the chunk size ${JSON.stringify(text)}`, () => oneChunk(text)]),
    ["with chunks that line feeds end", () => asChunks(`${size}\n${form}\n0\n\n`)],
    ["with a chunk longer than its size", () => asChunks(`${size}\r\n${form}XX\r\n0\r\n\r\n`)],
    ["with trailers", () => asChunks(`${size}\r\n${form}\r\n0\r\nX-Sum: 1\r\nAuthorization: Bearer x\r\n\r\n`)],
    ["with neither length nor chunks", () => put({}) + form],
    ["with line feeds alone", () => withLength().replace(/\r\n/g, "\n")],
  ])("%s", async (_, request) => {
    const { answers, isClosed } = await send([request()], { untilClosed: true });
    expect(isClosed).toBe(true);
    expect(
      answers.map(({ status }) => status).filter((status) => status < 400 || (status >= 500 && status !== 505)),
    ).toEqual([]);
    world.figures.faults += 1;
  });

  test.each(["PUT /local", "PUT /intermediate", "PUT /final"])("when it ends before its length: %s", async (line) => {
    const head = (length: number) =>
      headOf(line, { Authorization: authorization, "Content-Type": formType, "Content-Length": length });
    for (const [length, body] of [
      [form.length + 50, form],
      [form.length, form.slice(0, -1)],
      [form.length, form.slice(0, -20)],
      [form.length, form.slice(0, 60)],
      [form.length, ""],
    ] as const) {
      const { answers, isClosed } = await send([head(length) + body], { untilClosed: true, halfClose: true });
      expect([answers, isClosed]).toEqual([[], true]);
      world.figures.faults += 1;
    }
  });

  test("when it ends before its last chunk", async () => {
    for (const body of [`${size}\r\n${form}\r\n`, `${size}\r\n${form}`, `${size}\r\n${form.slice(0, 70)}`, size, ""]) {
      const { answers, isClosed } = await send([asChunks(body)], { untilClosed: true, halfClose: true });
      expect([answers, isClosed]).toEqual([[], true]);
      world.figures.faults += 1;
    }
  });

  test("when the form is compressed: 415, for it is no form as it stands", async () => {
    const body = gzipSync(form).toString("latin1");
    const head = put({ "Content-Length": body.length, "Content-Encoding": "gzip" });
    const { answers } = await send([head + body]);
    expect(answers.map(({ status }) => status)).toEqual([415]);
    world.figures.faults += 1;
  });
});

describe("what follows an upload on its connection", () => {
  test("is no part of the file, and the connection is closed when it is no request", async () => {
    const together = await send([`${withLength()}XYZ\r\n\r\n`], { untilClosed: true });
    expect(together.answers.map(({ status }) => status).filter((status) => status !== 400)).toEqual([]);
    const later = await send([withLength(), "XYZ\r\n\r\n"], { untilClosed: true, methods: ["PUT", "?"] });
    expect(later.answers.map(({ status }) => status).filter((status) => status !== 400 && status !== 200)).toEqual([]);
    world.figures.faults += 2;
  });

  test("gets nothing on the upload's token when it is a request", async () => {
    const hidden = headOf("GET /local/tags");
    for (const pieces of [[withLength() + hidden], [withLength(), hidden]]) {
      const { answers } = await send(pieces, { methods: ["PUT", "GET"], limitMs: 5_000 });
      expect(answers[1]?.status ?? 401).toBe(401);
      world.figures.faults += 1;
    }
  });

  test("is the file's when the length says so, even if it looks like a request", async () => {
    const evil = `${headOf("DELETE /local?project_id=10000000-0000-4000-8000-000000000001", { Authorization: authorization })}`;
    const { answers } = await send([withLength(formOf(evil))]);
    expect(answers.map(({ status }) => status)).toEqual([200]);
    const { object_id: objectId } = JSON.parse(answers[0]?.body ?? "") as { object_id: string };
    const read = await fetch(`${world.url}/local/${objectId}`, { headers: { authorization } });
    expect(await read.text()).toBe(evil);
  });
});

test("nothing is stored, here or at the Hub, of what was not acknowledged, and all that was is there", async () => {
  await eventually(async () => expect(await list()).toEqual(acknowledged), 20_000);
  const buckets = world.surroundings.analyses.flatMap((id) =>
    (["TEMP", "RESULT"] as const).map((type) => world.hub.bucketOf(id, type).bucketId ?? ""),
  );
  await eventually(() => expect(buckets.flatMap((id) => world.hub.filesOf(id))).toEqual([]), 20_000);
  expect(await storage.unfinished()).toEqual([]);
  expect((await storage.submissions.stats()).pending).toBe(0);
});
