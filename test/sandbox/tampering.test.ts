import { expect, test } from "bun:test";
import type { Tampering } from "../../src/sandbox/hub/tampering.ts";
import { serveHub, textField } from "./serve-hub.ts";

/** A bucket with three files of node A and one of node B, in this order, and what the first of them is read as. */
async function readTampered(tampering: Tampering): Promise<string> {
  await using served = serveHub("2026");
  const [a, b] = [await served.signIn(served.nodeA), await served.signIn(served.nodeB)];
  const bucketId = served.hub.bucketOf(served.seed.analyses[0]?.id ?? "", "TEMP").bucketId ?? "";
  const ids: string[] = [];
  for (const [token, name, content] of [
    [a, "asked", "..AABBCCDD"],
    [a, "older", "older of A"],
    [a, "newest", "newest of A"],
    [b, "other", "of B"],
  ] as const) {
    const { data } = (await (await served.upload(bucketId, token, name, content)).json()) as { data: unknown[] };
    ids.push(textField(data[0], "id"));
  }
  served.hub.fail({ method: "GET", path: /\/stream$/ }, tampering);
  return (await served.call(`/storage/bucket-files/${ids[0]}/stream`, b)).text();
}

const pieces = { headBytes: 2, pieceBytes: 2 };

test.each<[Tampering, string]>([
  [{ kind: "reorder", pieces }, "..BBAACCDD"],
  [{ kind: "duplicate", pieces }, "..AAAACCDD"],
  [{ kind: "reorder" }, "..AABBCCDD"],
  [{ kind: "reflect" }, "of B"],
  [{ kind: "substitute" }, "newest of A"],
])("a file that was asked for comes otherwise: %p", async (tampering, read) => {
  expect(await readTampered(tampering)).toBe(read);
});
