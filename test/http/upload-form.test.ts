import { expect, test } from "bun:test";
import { createHash } from "node:crypto";
import { readUpload } from "../../src/http/upload-form.ts";

const content = "what the analysis has computed";
const sha256 = createHash("sha256").update(content).digest("hex");
const longForm = 17 * 1024 * 1024;

/** A form with one file; counts how often the file is hashed. */
async function open(announcedBytes?: number) {
  const form = `--cut\r\nContent-Disposition: form-data; name="file"; filename="f"\r\n\r\n${content}\r\n--cut--\r\n`;
  const headers: Record<string, string> = { "Content-Type": "multipart/form-data; boundary=cut" };
  if (announcedBytes !== undefined) headers["Content-Length"] = String(announcedBytes);
  const request = new Request("http://node/local", { method: "PUT", headers, body: form });
  let hashes = 0;
  const newHash = () => {
    hashes += 1;
    return createHasher();
  };
  const turn = { take: async () => {}, receive: <T>(read: () => Promise<T>) => read(), release() {} };
  const upload = await readUpload(request, { maxFileBytes: 0, stallMs: 1_000, turn, newHash }, { texts: [] });
  return { upload, hashes: () => hashes };
}

function createHasher() {
  const hash = createHash("sha256");
  return { update: (bytes: Uint8Array) => void hash.update(bytes), digest: () => hash.digest("hex") };
}

test.each([undefined, 200, longForm])("a form of %p bytes is hashed once, for all who ask", async (announcedBytes) => {
  const { upload, hashes } = await open(announcedBytes);
  const [one, other] = [upload.measure(), upload.measure()];
  expect(await new Response(upload.body).text()).toBe(content);
  expect([one(), other(), one()]).toEqual(Array.from({ length: 3 }, () => ({ bytes: content.length, sha256 })));
  expect(hashes()).toBe(1);
});

test("a long form is not hashed unless somebody asks", async () => {
  const { upload, hashes } = await open(longForm);
  expect(await new Response(upload.body).text()).toBe(content);
  expect(hashes()).toBe(0);
});

test("nothing is told of a file that has not been read to its end", async () => {
  const { upload } = await open();
  const facts = upload.measure();
  expect(facts).toThrow("not been read to its end");
  await upload.body.cancel();
  expect(facts).toThrow("not been read to its end");
});
