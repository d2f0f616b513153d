import { expect, test } from "bun:test";
import busboy from "busboy";
import fc from "fast-check";
import { buildEnvelope, type EnvelopeFile } from "../../src/hub/multipart.ts";

interface ReadPart {
  readonly field: string;
  readonly name: string | undefined;
  readonly type: string;
  readonly content: Buffer;
}

/** Reads a message as the Hub does: names as latin-1, their directories kept. */
async function readParts(part: EnvelopeFile, content: Uint8Array): Promise<ReadPart[]> {
  const { contentType, head, tail } = buildEnvelope(part);
  const parser = busboy({ headers: { "content-type": contentType }, preservePath: true, defParamCharset: "latin1" });
  const parts: ReadPart[] = [];
  const finished = Promise.withResolvers<void>();
  parser.on("file", (field, stream, { filename, mimeType }) => {
    const chunks: Buffer[] = [];
    stream.on("data", (chunk: Buffer) => chunks.push(chunk));
    stream.on("end", () => parts.push({ field, name: filename, type: mimeType, content: Buffer.concat(chunks) }));
  });
  parser.on("field", (name) => finished.reject(new Error(`a field ${name}`)));
  parser.on("error", finished.reject);
  parser.on("close", finished.resolve);
  for (const bytes of [head, content, tail]) parser.write(bytes);
  parser.end();
  await finished.promise;
  return parts;
}

const boundary = "7b5c1f9e-3a41-4d4c-9a55-0d7f2f1f7e10";

test("any name and any content arrive as the one part they were", async () => {
  const names = fc.string({ unit: "binary", minLength: 1 }).filter((name) => name.isWellFormed());
  const hostile = fc.constantFrom(
    'a"b',
    "a\r\nX: y\r\n\r\nz",
    "\\",
    `--${boundary}--`,
    "a; filename=b",
    "é",
    "\u0000",
    "%22",
    "*",
  );
  await fc.assert(
    fc.asyncProperty(fc.oneof(names, hostile), fc.uint8Array({ maxLength: 500 }), async (path, content) => {
      const parts = await readParts({ path, contentType: "text/csv", boundary }, content);
      expect(parts).toEqual([{ field: "file", name: path, type: "text/csv", content: Buffer.from(content) }]);
    }),
  );
});

test("a plain name is sent in the plain way, which any receiver reads", () => {
  const { head } = buildEnvelope({ path: "dir/result (1).csv", contentType: "text/csv", boundary });
  expect(new TextDecoder().decode(head)).toContain('; filename="dir/result (1).csv"\r\n');
});

test.each(["text/plain\r\nX: y", "", "nonsense", "text/plain; a=\u0000", "é/é"])(
  "the content type %j cannot break out of its header",
  async (contentType) => {
    const [part, ...more] = await readParts({ path: "x", contentType, boundary }, new Uint8Array(1));
    expect([part?.type, more.length]).toEqual(["application/octet-stream", 0]);
  },
);

test("a content type with parameters is kept", () => {
  const { head } = buildEnvelope({ path: "x", contentType: 'text/csv; charset=utf-8; header="present"', boundary });
  expect(new TextDecoder().decode(head)).toContain('Content-Type: text/csv; charset=utf-8; header="present"\r\n');
});
