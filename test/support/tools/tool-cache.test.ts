import { expect, test } from "bun:test";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createServerDir } from "../daemon.ts";
import { provideFolder } from "./tool-cache.ts";

test("a tool made by two at once is there whole, and nothing else is left", async () => {
  const root = createServerDir("tools");
  const path = join(root, "tool-1");
  const bothHaveStarted = Promise.withResolvers<void>();
  let started = 0;
  const make = () =>
    provideFolder(path, async (folder) => {
      if (++started === 2) bothHaveStarted.resolve();
      await bothHaveStarted.promise;
      writeFileSync(join(folder, "program"), "whole");
    });
  expect(await Promise.all([make(), make()])).toEqual([path, path]);
  expect(readFileSync(join(path, "program"), "utf8")).toBe("whole");
  expect(readdirSync(root)).toEqual(["tool-1"]);
  await provideFolder(path, () => Promise.reject(new Error("made again")));
});

test("a tool whose making failed is not there, and may be made again", async () => {
  const root = createServerDir("tools");
  const path = join(root, "tool-1");
  const failing = provideFolder(path, async (folder) => {
    writeFileSync(join(folder, "program"), "half");
    throw new Error("no space");
  });
  expect(failing).rejects.toThrow("no space");
  await failing.catch(() => {});
  expect(readdirSync(root)).toEqual([]);
  await provideFolder(path, async (folder) => writeFileSync(join(folder, "program"), "whole"));
  expect(readdirSync(path)).toEqual(["program"]);
});
