import { describe, expect, test } from "bun:test";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { HubGeneration } from "../../src/sandbox/hub/hub.ts";
import { type ServedHub, serveHub } from "./serve-hub.ts";

const GENERATIONS: readonly HubGeneration[] = ["2025", "2026-snake", "2026"];
const MIB = 1024 * 1024;

function tempBucket(served: ServedHub): string {
  return served.hub.bucketOf(served.seed.analyses[0]?.id ?? "", "TEMP").bucketId ?? "";
}

function postForm(served: ServedHub, token: string | undefined, body: string, bucketId = tempBucket(served)) {
  const headers = { "Content-Type": "multipart/form-data; boundary=limit" };
  return served.call(`/storage/buckets/${bucketId}/upload`, token, { method: "POST", headers, body });
}

function partHead(disposition: string): string {
  return `--limit\r\nContent-Disposition: form-data; name="file"; ${disposition}\r\n\r\n`;
}

function part(disposition: string): string {
  return `${partHead(disposition)}bytes\r\n`;
}

describe.each(GENERATIONS)("a %s Hub", (generation) => {
  test("an uploaded file comes back byte for byte, in lists and by id", async () => {
    await using served = serveHub(generation);
    const token = await served.signIn(served.nodeA);
    const bytes = crypto.getRandomValues(new Uint8Array(40_000));
    const uploaded = await served.upload(tempBucket(served), token, "dir/a.bin", bytes);
    expect(uploaded.status).toBe(201);
    const [file] = served.hub.filesOf(tempBucket(served));
    expect(await uploaded.json()).toMatchObject({
      data: [{ id: file?.id, name: "a.bin", path: "dir/a.bin", size: 40_000 }],
    });
    const content = await served.call(`/storage/bucket-files/${file?.id}/stream`, token);
    expect(content.headers.get("Content-Length")).toBeNull();
    expect(await content.bytes()).toEqual(bytes);
    expect(await served.hub.readFile(file?.id ?? "")).toEqual(bytes);
  });

  test("gzip is applied where it is accepted", async () => {
    await using served = serveHub(generation);
    const token = await served.signIn(served.nodeA);
    await served.upload(tempBucket(served), token, "a.bin", "a".repeat(100_000));
    const path = `/storage/bucket-files/${served.hub.filesOf(tempBucket(served))[0]?.id}/stream`;
    const zipped = await served.call(path, token, { headers: { "Accept-Encoding": "gzip" } });
    expect(zipped.headers.get("Content-Encoding")).toBe("gzip");
    expect(await zipped.text()).toBe("a".repeat(100_000));
  });

  test("a path is taken once per bucket; a 2025 Hub overwrites the bytes all the same", async () => {
    await using served = serveHub(generation);
    const token = await served.signIn(served.nodeA);
    const bucketId = tempBucket(served);
    await served.upload(bucketId, token, "a.txt", "first");
    expect((await served.upload(bucketId, token, "a.txt", "second")).status).toBe(500);
    const files = served.hub.filesOf(bucketId);
    expect(files).toHaveLength(1);
    const bytes = await served.hub.readFile(files[0]?.id ?? "");
    expect(new TextDecoder().decode(bytes)).toBe(generation === "2025" ? "second" : "first");
    const other = served.hub.bucketOf(served.seed.analyses[1]?.id ?? "", "TEMP").bucketId ?? "";
    expect((await served.upload(other, token, "a.txt", "third")).status).toBe(201);
  });

  test("names are read as latin-1 in quotes and as UTF-8 behind a star", async () => {
    await using served = serveHub(generation);
    const token = await served.signIn(served.nodeA);
    const forms = [part('filename="é.txt"'), part("filename=\"x\"; filename*=UTF-8''%C3%A9.csv")];
    for (const form of forms) await postForm(served, token, `${form}--limit--\r\n`);
    expect(served.hub.filesOf(tempBucket(served)).map((file) => file.path)).toEqual(["Ã©.txt", "é.csv"]);
    const long = part(`filename="${"a".repeat(257)}"`);
    expect((await postForm(served, token, `${long}--limit--\r\n`)).status).toBe(500);
  });

  test("a part without a file name is no file", async () => {
    await using served = serveHub(generation);
    const token = await served.signIn(served.nodeA);
    const response = await postForm(served, token, `${part("x=y")}--limit--\r\n`);
    expect(response.status).toBe(201);
    expect(await response.json()).toMatchObject({ data: [] });
    expect(served.hub.state.files.size).toBe(0);
  });

  test("only the uploader and the user may delete a file", async () => {
    await using served = serveHub(generation);
    const token = await served.signIn(served.nodeA);
    await served.upload(tempBucket(served), token, "a.txt", "a");
    const path = `/storage/bucket-files/${served.hub.filesOf(tempBucket(served))[0]?.id}`;
    const remove = (as: string) => served.call(path, as, { method: "DELETE" });
    const foreign = await remove(await served.signIn(served.nodeB));
    expect(foreign.status).toBe(generation === "2026" ? 400 : 403);
    expect((await remove(token)).status).toBe(202);
    expect((await remove(token)).status).toBe(404);
    expect(served.hub.state.links.size).toBe(0);
  });

  test("a file is linked to its analysis by the Hub itself since 2026", async () => {
    await using served = serveHub(generation);
    await served.upload(tempBucket(served), await served.signIn(served.nodeA), "a.txt", "a");
    const [file] = served.hub.filesOf(tempBucket(served));
    const links = [...served.hub.state.links.values()].map((link) => link.bucketFileId);
    expect(links).toEqual(generation === "2025" ? [] : [file?.id ?? ""]);
  });

  test("without a token or a bucket the answer comes before the body has ended", async () => {
    await using served = serveHub(generation);
    const token = await served.signIn(served.nodeA);
    const headers = { "Content-Type": "multipart/form-data; boundary=limit" };
    const endless = () => new ReadableStream({ start: (controller) => controller.enqueue(Buffer.from("--limit")) });
    const unknown = "/storage/buckets/00000000-0000-0000-0000-000000000001/upload";
    const post = (path: string, as?: string) => served.call(path, as, { method: "POST", headers, body: endless() });
    expect((await post(unknown, token)).status).toBe(404);
    expect((await post(unknown)).status).toBe(401);
  });

  test("a body without its final boundary counts as broken, is dropped and leaves nothing", async () => {
    await using served = serveHub(generation);
    const token = await served.signIn(served.nodeA);
    await expect(postForm(served, token, part('filename="a"'))).rejects.toThrow();
    await until(() => served.hub.state.brokenUploads === 1);
    expect(served.hub.state.files.size).toBe(0);
  });
});

test("a 2025 Hub never answers a nameless part with a content type", async () => {
  await using served = serveHub("2025");
  const token = await served.signIn(served.nodeA);
  const form =
    '--limit\r\nContent-Disposition: form-data; name="file"\r\nContent-Type: application/octet-stream\r\n\r\na\r\n';
  const hung = postForm(served, token, `${form}--limit--\r\n`).then(() => "answered");
  await served.call("/storage/", token);
  const other = Bun.sleep(100).then(() => "silence");
  expect(await Promise.race([hung, other])).toBe("silence");
  hung.catch(() => {});
});

test("200 MiB are taken in and given out in constant memory, and vanish with the stand-in", async () => {
  const storageDir = await mkdtemp(join(tmpdir(), "sandbox-test-"));
  try {
    const served = serveHub("2026", { storageDir });
    const token = await served.signIn(served.nodeA);
    const bucketId = tempBucket(served);
    const chunk = crypto.getRandomValues(new Uint8Array(MIB / 16));
    const hasher = new Bun.CryptoHasher("sha256");
    let left = 16 * 200;
    let peak = 0;
    const body = new ReadableStream<Uint8Array>({
      type: "bytes",
      start: (controller) => controller.enqueue(Buffer.from(partHead('filename="big"'))),
      pull(controller) {
        if (left-- > 0) {
          hasher.update(chunk);
          controller.enqueue(new Uint8Array(chunk));
        } else {
          controller.enqueue(Buffer.from("\r\n--limit--\r\n"));
          controller.close();
        }
        peak = Math.max(peak, process.memoryUsage.rss());
      },
    });
    const before = process.memoryUsage.rss();
    const headers = { "Content-Type": "multipart/form-data; boundary=limit" };
    const response = await served.call(`/storage/buckets/${bucketId}/upload`, token, { method: "POST", headers, body });
    expect(response.status).toBe(201);
    const file = served.hub.filesOf(bucketId)[0];
    expect(file?.size).toBe(200 * MIB);
    expect(await served.hub.sha256Of(file?.id ?? "")).toBe(hasher.digest("hex"));
    expect(peak - before).toBeLessThan(150 * MIB);
    let received = 0;
    const content = await served.call(`/storage/bucket-files/${file?.id}/stream`, token);
    for await (const piece of content.body ?? []) received += piece.byteLength;
    expect(received).toBe(200 * MIB);
    expect(await readdir(storageDir)).toHaveLength(1);
    await served[Symbol.asyncDispose]();
    expect(await readdir(storageDir)).toEqual([]);
  } finally {
    await rm(storageDir, { recursive: true, force: true });
  }
}, 30_000);

test("an upload broken off in its second file is counted and leaves nothing on disk", async () => {
  const storageDir = await mkdtemp(join(tmpdir(), "sandbox-test-"));
  try {
    await using served = serveHub("2026", { storageDir });
    const token = await served.signIn(served.nodeA);
    const { port } = new URL(served.url);
    const socket = connect(Number(port), "localhost");
    socket.write(
      `POST /storage/buckets/${tempBucket(served)}/upload HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${token}\r\n` +
        `Content-Type: multipart/form-data; boundary=limit\r\nContent-Length: 100000000\r\n\r\n${partHead('filename="a"')}`,
    );
    socket.write(new Uint8Array(4 * MIB));
    await until(async () => (await readdir(storageDir)).length === 1);
    socket.write(`\r\n${partHead('filename="b"')}`);
    socket.write(new Uint8Array(4 * MIB));
    await until(async () => (await readdir(storageDir)).length === 2);
    socket.destroy();
    await until(() => served.hub.state.brokenUploads === 1);
    await until(async () => (await readdir(storageDir)).length === 0);
    expect(served.hub.state.files.size).toBe(0);
  } finally {
    await rm(storageDir, { recursive: true, force: true });
  }
});

async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await holds())) await Bun.sleep(5);
}
