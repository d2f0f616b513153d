import { expect, test } from "bun:test";
import { createSingleFlight } from "../../src/time/single-flight.ts";

function createWork() {
  const runs: { readonly key: string; readonly end: PromiseWithResolvers<string> }[] = [];
  const flight = createSingleFlight<string>((key) => {
    const end = Promise.withResolvers<string>();
    runs.push({ key, end });
    return end.promise;
  });
  return { runs, flight };
}

test("who asks while it runs waits for the same end", async () => {
  const { runs, flight } = createWork();
  const both = Promise.all([flight.run("a"), flight.run("a")]);
  expect(flight.isRunning("a")).toBeTrue();
  runs[0]?.end.resolve("done");
  expect(await both).toEqual(["done", "done"]);
  expect(runs).toHaveLength(1);
});

test("each key has a run of its own", () => {
  const { runs, flight } = createWork();
  void flight.run("a");
  void flight.run("b");
  expect(runs.map(({ key }) => key)).toEqual(["a", "b"]);
});

test("an end is not kept, a failure neither: the next one to ask tries anew", async () => {
  const { runs, flight } = createWork();
  const first = flight.run();
  runs[0]?.end.reject(new Error("away"));
  expect(first).rejects.toThrow("away");
  await first.catch(() => {});
  expect(flight.isRunning()).toBeFalse();
  const second = flight.run();
  runs[1]?.end.resolve("done");
  expect(await second).toBe("done");
});

test("who asks after a forget does not wait for what ran before, nor does its end disturb", async () => {
  const { runs, flight } = createWork();
  const early = flight.run();
  flight.forget();
  const late = flight.run();
  runs[0]?.end.resolve("early");
  expect(await early).toBe("early");
  expect(flight.isRunning()).toBeTrue();
  runs[1]?.end.resolve("late");
  expect(await late).toBe("late");
});
