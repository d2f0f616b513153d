import { expect, test } from "bun:test";
import { createBreath } from "../../src/http/breath.ts";

/** A clock that stands still unless somebody works. */
function clock() {
  let ms = 0;
  return { now: () => ms, work: (spentMs: number) => (ms += spentMs) };
}

test("nobody waits while a turn is young", async () => {
  const { now, work } = clock();
  const breath = createBreath(now, 10);
  let hasTurned = false;
  setImmediate(() => (hasTurned = true));
  work(9);
  await breath.take();
  expect(hasTurned).toBe(false);
});

test("among many who work for long, others get their turn again and again", async () => {
  const { now, work } = clock();
  const breath = createBreath(now, 10);
  const uploads = Array.from({ length: 20 }, async () => {
    for (let piece = 0; piece < 10; piece++) {
      await breath.take();
      work(1);
    }
  });
  const turnsAt: number[] = [];
  const probe = async () => {
    while (now() < 200) {
      await new Promise<void>((resolve) => setImmediate(() => resolve()));
      turnsAt.push(now());
    }
  };
  await Promise.all([...uploads, probe()]);
  const lengths = turnsAt.map((ms, index) => ms - (turnsAt[index - 1] ?? 0));
  // What may be begun in 10 ms, and one piece of each upload that was let through meanwhile.
  expect(Math.max(...lengths)).toBeLessThanOrEqual(10 + uploads.length);
});
