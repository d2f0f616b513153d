import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { createHash } from "node:crypto";
import { AppError } from "../../src/errors.ts";
import type { HubGeneration } from "../../src/sandbox/hub/hub.ts";
import { createDeliver } from "../../src/submissions/deliver.ts";
import type { HeldSubmission } from "../../src/submissions/store/submission-store.ts";
import { SEED, type ServedHub, serveHub } from "../hub/serve-hub.ts";
import { createTestLog } from "../support/log.ts";

const generations: readonly HubGeneration[] = ["2025", "2026-snake", "2026"];
const newHash = () => {
  const hash = createHash("sha256");
  return { update: (bytes: Uint8Array) => void hash.update(bytes), digest: () => hash.digest("hex") };
};
const analysisId = SEED.analysis1.id;
const never = new AbortController().signal;

function held(content: string, attempts: number): HeldSubmission {
  return {
    id: "1a2b3c4d-0000-4000-8000-000000000000",
    analysisId,
    projectId: undefined,
    filename: "result.csv",
    contentType: "text/csv",
    sizeBytes: content.length,
    sha256: createHash("sha256").update(content).digest("hex"),
    attempts,
  };
}

describe.each(generations)("one attempt at a Hub of %s", (generation) => {
  let served: ServedHub;
  beforeEach(() => {
    served = serveHub({ generation });
  });
  afterEach(() => served.stop());

  const bucketId = () => served.sandbox.bucketOf(analysisId, "RESULT").bucketId ?? "";
  const paths = () => served.sandbox.filesOf(bucketId()).map(({ path }) => path);
  const links = () => served.sandbox.state.links.size;

  function prepare(open: () => ReadableStream<Uint8Array> | undefined) {
    const info = { sizeBytes: 0, contentType: "", filename: undefined, etag: "", modifiedAt: new Date() };
    const opened = async () => {
      const body = open();
      return body && { info, body };
    };
    const objects = { open: opened, stat: async () => ((await opened()) ? info : undefined) };
    return createDeliver({ hub: served.connect(), objects, newHash, log: createTestLog().log });
  }
  const deliver = (content: string, attempts: number, mayRename = true) =>
    prepare(() => new Blob([content]).stream())(held(content, attempts), { mayRename, signal: never });
  const preload = async (path: string, content: string) => {
    await served.connect().upload(bucketId(), { path, contentType: "text/plain", body: new Blob([content]).stream() });
  };

  test.each([
    ["another version", { etag: '"2"' }],
    ["an edit in its place", { modifiedAt: new Date(2) }],
  ])("of an approved file, %s is not sent, however late it comes: not one byte of it", async (_, change) => {
    const info = { sizeBytes: 8, contentType: "", filename: undefined, etag: '"1"', modifiedAt: new Date(1) };
    const versions = [
      { info, body: new Blob(["approved"]).stream() },
      { info: { ...info, ...change }, body: new Blob(["planted!"]).stream() },
    ];
    const objects = { open: async () => versions.shift(), stat: async () => info };
    const attempt = createDeliver({ hub: served.connect(), objects, newHash, log: createTestLog().log });
    const outcome = await attempt({ ...held("approved", 1), isApproved: true }, { mayRename: true, signal: never });
    expect(outcome).toMatchObject({ kind: "no", error: { code: "changed" } });
    expect(paths()).toEqual([]);
    expect(versions).toEqual([]);
  });

  test("a repeat finds the copy of an earlier attempt, and only ties it to the analysis", async () => {
    await preload("result.csv", "mine");
    const linksBefore = links();
    expect(await deliver("mine", 2)).toEqual({ kind: "delivered" });
    expect(paths()).toEqual(["result.csv"]);
    expect(links()).toBe(generation === "2025" ? linksBefore + 1 : linksBefore);
    expect(await deliver("mine", 3)).toEqual({ kind: "delivered" });
    expect(links()).toBe(1);
  });

  test("a repeat finds the copy under the alternate name, too", async () => {
    await preload("result.csv", "other");
    expect(await deliver("mine", 2)).toEqual({ kind: "delivered" });
    expect(await deliver("mine", 3)).toEqual({ kind: "delivered" });
    expect(paths()).toEqual(["result.csv", "result-1a2b3c4d.csv"]);
  });

  test("a file of the same name and size with other bytes is not taken for ours, and not touched", async () => {
    await preload("result.csv", "MINE");
    expect(await deliver("mine", 2)).toEqual({ kind: "delivered" });
    expect(paths()).toEqual(["result.csv", "result-1a2b3c4d.csv"]);
    const [first] = served.sandbox.filesOf(bucketId());
    expect(new TextDecoder().decode(await served.sandbox.readFile(first?.id ?? ""))).toBe("MINE");
  });

  test("a first attempt never takes a file that is there for its own", async () => {
    await preload("result.csv", "mine");
    expect(await deliver("mine", 1, false)).toMatchObject({ kind: "no", error: { code: "conflict" } });
    expect(await deliver("mine", 1, true)).toEqual({ kind: "delivered" });
    expect(paths()).toEqual(["result.csv", "result-1a2b3c4d.csv"]);
  });

  test("a piece of an earlier attempt under the alternate name is replaced", async () => {
    await preload("result.csv", "other");
    await preload("result-1a2b3c4d.csv", "mi");
    expect(await deliver("mine", 2)).toEqual({ kind: "delivered" });
    const sizes = served.sandbox.filesOf(bucketId()).map(({ path, size }) => [path, size]);
    expect(sizes).toEqual([
      ["result.csv", 5],
      ["result-1a2b3c4d.csv", 4],
    ]);
  });

  test("of more files than the Hub gives at once, the name is still found", async () => {
    for (let index = 0; index < 120; index++) await preload(`other-${index}`, "x");
    await preload("result.csv", "mine");
    expect(await deliver("mine", 2)).toEqual({ kind: "delivered" });
    expect(paths()).toHaveLength(121);
  });

  test("a missing file is a lasting no, told before the Hub is asked", async () => {
    const outcome = await prepare(() => undefined)(held("mine", 2), { mayRename: true, signal: never });
    expect(outcome).toMatchObject({ kind: "no", error: { message: "The stored file is missing" } });
    expect(served.sandbox.requests).toEqual([]);
  });

  test("a store that breaks off is no reason to give up, nor to break off at the Hub", async () => {
    const broken = () =>
      new ReadableStream<Uint8Array>({
        start: (controller) => controller.enqueue(new Uint8Array(3)),
        pull: (controller) => controller.error(new AppError("object_store", "Unexpected error from object store")),
      });
    const outcome = await prepare(broken)(held("mine", 1), { mayRename: false, signal: never });
    expect(outcome).toMatchObject({ kind: "later", error: { code: "object_store" } });
    expect([paths(), served.sandbox.state.brokenUploads]).toEqual([[], 0]);
  });

  test("an attempt that is interrupted ends its upload properly and leaves nothing there", async () => {
    const interrupt = new AbortController();
    let isStarted = false;
    const endless = () =>
      new ReadableStream<Uint8Array>(
        {
          async pull(controller) {
            await Bun.sleep(5);
            isStarted = true;
            controller.enqueue(new Uint8Array(65_536));
          },
        },
        { highWaterMark: 0 },
      );
    const submission = { ...held("", 1), sizeBytes: 10 ** 12 };
    const outcome = prepare(endless)(submission, { mayRename: false, signal: interrupt.signal });
    while (!isStarted) await Bun.sleep(5);
    await Bun.sleep(50);
    interrupt.abort(new AppError("shutting_down", "The service is stopping"));
    expect(await outcome).toMatchObject({ kind: "later", error: { code: "shutting_down" } });
    expect([paths(), served.sandbox.state.brokenUploads]).toEqual([[], 0]);
  });
});
