import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { recordEvents } from "../../src/record/record-store.ts";

test("the page about the record says of every event when it is written, and of none that there is not", () => {
  const page = readFileSync(new URL("../../docs/record.md", import.meta.url), "utf8");
  const table = page.slice(page.indexOf("| event |"), page.indexOf("Local results that are stored"));
  const named = [...table.matchAll(/`([a-z]+\.[a-z_]+)`/g)].map(([, event]) => event ?? "");
  expect(named.sort()).toEqual([...recordEvents].sort());
});
