import { afterEach, expect, test } from "bun:test";
import type { ObjectStore } from "../../src/objects/object-store.ts";
import { proveRights } from "../../src/objects/store-rights.ts";
import { storeThatForbids } from "./forbidding-store.ts";

let forbidding: ReturnType<typeof storeThatForbids> | undefined;
afterEach(() => forbidding?.stop());

function forbid(what: string) {
  forbidding = storeThatForbids(what);
  return forbidding;
}

const prove = (store: ObjectStore) => proveRights(store, "probe", AbortSignal.timeout(5_000));

test("a store that allows everything is proved, and nothing is left there", async () => {
  const { store, objects, uploads } = forbid("nothing");
  expect(await prove(store)).toBe(true);
  expect([objects.size, uploads.size]).toEqual([0, 0]);
});

test.each([
  ["list", "s3:ListBucket)"],
  ["put", "s3:PutObject"],
  ["get", "s3:GetObject"],
  ["delete", "s3:DeleteObject"],
  ["create", "in parts (s3:PutObject"],
  ["list uploads", "s3:ListBucketMultipartUploads"],
  ["abort", "s3:AbortMultipartUpload"],
])("a key that may not %s: the right is named", async (forbidden, right) => {
  const { store, objects } = forbid(forbidden);
  const failure = await prove(store).catch((error: unknown) => error);
  expect(failure).toMatchObject({ name: "MissingRight" });
  expect(String(failure)).toContain(right);
  expect(objects.size).toBe(forbidden === "delete" ? 1 : 0);
});
