import { expect, test } from "bun:test";
import fc from "fast-check";
import { createMultipartReader } from "../../src/http/multipart-reader.ts";
import { parseBoundary, parsePartHeader } from "../../src/http/part-header.ts";

interface Part {
  readonly name: string;
  readonly content: Uint8Array;
}

const boundary = "cut-here";

function encode(parts: readonly Part[], { preamble = "", end = "--\r\n" } = {}): Buffer {
  const pieces: Uint8Array[] = [Buffer.from(preamble)];
  for (const { name, content } of parts) {
    pieces.push(Buffer.from(`--${boundary}\r\nContent-Disposition: form-data; name="${name}"; filename="f"\r\n\r\n`));
    pieces.push(content, Buffer.from("\r\n"));
  }
  return Buffer.concat([...pieces, Buffer.from(`--${boundary}${end}`)]);
}

/** Feeds the body in pieces that end at the given places. */
async function decode(body: Uint8Array, cuts: readonly number[]): Promise<Part[]> {
  const ends = [...new Set(cuts.map((cut) => cut % (body.byteLength + 1)))]
    .sort((a, b) => a - b)
    .concat(body.byteLength);
  let start = 0;
  const reader = createMultipartReader(boundary, async () => {
    const end = ends.shift();
    if (end === undefined) return undefined;
    const piece = body.slice(start, end);
    start = end;
    return piece;
  });
  const parts: Part[] = [];
  for (let header = await reader.nextPart(); header !== undefined; header = await reader.nextPart()) {
    const pieces: Uint8Array[] = [];
    for (let piece = await reader.read(); piece !== undefined; piece = await reader.read()) pieces.push(piece.slice());
    parts.push({ name: header.name, content: new Uint8Array(Buffer.concat(pieces)) });
  }
  return parts;
}

/** Content full of what looks like a boundary but is none. */
const content = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        "\r",
        "\n",
        "\r\n",
        "-",
        "--",
        "\r\n-",
        "\r\n--",
        "\r\n--cut",
        "\r\n--cut-her",
        "--cut-here",
        "\r\r\n--c",
      ),
      fc.uint8Array({ maxLength: 20 }).map((bytes) => Buffer.from(bytes).toString("latin1")),
    ),
    { maxLength: 12 },
  )
  .map((pieces) => new Uint8Array(Buffer.from(pieces.join(""), "latin1")))
  .filter((bytes) => !`\r\n${Buffer.from(bytes).toString("latin1")}`.includes(`\r\n--${boundary}`));

const forms = fc.array(fc.record({ name: fc.constantFrom("a", "file", "tag"), content }), { maxLength: 4 });

test("a body gives the same parts wherever it is cut", async () => {
  await fc.assert(
    fc.asyncProperty(forms, fc.array(fc.nat(), { maxLength: 20 }), async (parts, cuts) => {
      expect(await decode(encode(parts), cuts)).toEqual(parts);
    }),
    { numRuns: 2_000 },
  );
});

test("every pair of cuts through one body gives the same parts", async () => {
  const parts = [
    { name: "a", content: new Uint8Array(Buffer.from("x\r\n--cut-her\r\n")) },
    { name: "file", content: new Uint8Array() },
  ];
  const body = encode(parts, { preamble: "ignored\r\n" });
  for (let first = 0; first <= body.byteLength; first++) {
    for (let second = first; second <= body.byteLength; second++) {
      expect(await decode(body, [first, second])).toEqual(parts);
    }
  }
});

test("a body that ends anywhere before its last boundary is refused", async () => {
  const body = encode([{ name: "file", content: new Uint8Array(Buffer.from("content")) }], { end: "--" });
  for (let length = 0; length < body.byteLength; length++) {
    expect(decode(body.subarray(0, length), [])).rejects.toThrow("The form cannot be read");
  }
  expect(await decode(body, [])).toHaveLength(1);
});

test("large content passes through in the pieces it came in, without copies", async () => {
  const piece = new Uint8Array(100_000).fill(65);
  const pieces: Uint8Array[] = [encode([{ name: "file", content: new Uint8Array() }]).subarray(0, -16), piece, piece];
  const reader = createMultipartReader(boundary, async () => pieces.shift());
  await reader.nextPart();
  await reader.read();
  const passed = await reader.read();
  expect(passed?.buffer).toBe(piece.buffer);
});

test.each([
  ['form-data; name="file"; filename="a.txt"', { name: "file", filename: "a.txt" }],
  ["form-data; name=file; filename=a.txt", { name: "file", filename: "a.txt" }],
  ['form-data; name="file"; filename=""', { name: "file", filename: "" }],
  ['form-data; name="file"; filename="never closed', { name: "file", filename: "never closed" }],
  ['form-data; name="tag"; filename="never; name="x"', { name: "tag", filename: "never; name=" }],
  ['form-data;\r\n name="file";\r\n\tfilename="a.txt"', { name: "file", filename: "a.txt" }],
  ['form-data; name="file"', { name: "file", filename: undefined }],
  ['form-data; name="file"; filename="a\\"b;c.txt"', { name: "file", filename: 'a"b;c.txt' }],
  ['form-data; name="file"; filename="C:\\dir\\a.txt"', { name: "file", filename: "C:\\dir\\a.txt" }],
  [`form-data; name="file"; filename="x"; filename*=UTF-8''%C3%BC.csv`, { name: "file", filename: "ü.csv" }],
  [`form-data; name="file"; filename="x"; filename*=UTF-8''%zz`, { name: "file", filename: "x" }],
  ['Form-Data ; Name="file"; FileName="ü.csv"', { name: "file", filename: "ü.csv" }],
])("the disposition %s is understood", (disposition, expected) => {
  expect(parsePartHeader(`Content-Disposition: ${disposition}`)).toMatchObject(expected);
});

test.each(["", "Content-Type: text/plain", "Content-Disposition: attachment; name=a", "no colon", ": x"])(
  "%j is no part of a form",
  (block) => {
    expect(parsePartHeader(block)).toBeUndefined();
  },
);

test("a part's content type keeps its parameters", () => {
  const block = 'content-disposition: form-data; name="file"\r\ncontent-type: text/csv; charset=latin1';
  expect(parsePartHeader(block)?.contentType).toBe("text/csv; charset=latin1");
});

test.each([
  ["multipart/form-data; boundary=abc", "abc"],
  ['Multipart/Form-Data; charset=utf-8; BOUNDARY="a b:c"', "a b:c"],
  ["multipart/form-data", undefined],
  ["multipart/form-data; boundary=", undefined],
  [`multipart/form-data; boundary=${"x".repeat(71)}`, undefined],
  ["multipart/mixed; boundary=abc", undefined],
  ["text/plain; boundary=abc", undefined],
])("the boundary of %j is %j", (contentType, expected) => {
  expect(parseBoundary(contentType)).toBe(expected);
});
