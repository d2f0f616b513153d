import { afterEach, expect, test } from "bun:test";
import { createWatchedRights } from "../../src/app/watched-rights.ts";
import { AppError } from "../../src/errors.ts";
import { storeThatForbids } from "../objects/forbidding-store.ts";
import { memoryObjects } from "../results/fakes.ts";
import { eventually } from "../support/eventually.ts";
import { createTestLog } from "../support/log.ts";

let forbidding: ReturnType<typeof storeThatForbids> | undefined;
afterEach(() => forbidding?.stop());

const { log } = createTestLog();
const half = 15_000;

test("a right that is missing is told until it is there, looked at again twice a minute at most", async () => {
  forbidding = storeThatForbids("abort");
  const clock = { nowMs: 0 };
  const rights = createWatchedRights({ objects: forbidding.store, log, now: () => clock.nowMs });
  await rights.prove();
  expect(() => rights.check()).toThrow("s3:AbortMultipartUpload");
  forbidding.allow();
  clock.nowMs = half;
  expect(() => rights.check()).toThrow("s3:AbortMultipartUpload");
  clock.nowMs = 2 * half;
  expect(() => rights.check()).toThrow("s3:AbortMultipartUpload");
  await eventually(() => expect(() => rights.check()).not.toThrow(), 20_000);
  expect([forbidding.objects.size, forbidding.uploads.size]).toEqual([0, 0]);
});

test("a store that allows everything is looked at once", async () => {
  let puts = 0;
  const memory = memoryObjects();
  const put: typeof memory.put = (...args) => {
    puts += 1;
    return memory.put(...args);
  };
  const clock = { nowMs: 0 };
  const rights = createWatchedRights({ objects: { ...memory, put }, log, now: () => clock.nowMs });
  await rights.prove();
  const putsAtStart = puts;
  clock.nowMs = 100 * half;
  rights.check();
  expect([putsAtStart > 0, puts]).toEqual([true, putsAtStart]);
  expect(memory.keys()).toEqual([]);
});

test("a store that fails in another way is not said to forbid anything", async () => {
  const put = async () => {
    throw new AppError("storage_full", "The object store is full");
  };
  const rights = createWatchedRights({ objects: memoryObjects({ put }), log, now: () => 0 });
  await rights.prove();
  expect(() => rights.check()).not.toThrow();
});
