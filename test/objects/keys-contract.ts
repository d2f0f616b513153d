import { describe, expect, test } from "bun:test";
import type { ObjectStore } from "../../src/objects/object-store.ts";
import { accessTo } from "./access.ts";
import { failureOf, patternBytes } from "./streams.ts";

/** Keys as a service could write them, in whatever spelling: segments that are neither empty nor dots, nor too long. */
const spelledKeys = [
  ...[
    "plain",
    "folder/b",
    "a b",
    "a+b",
    "a%20b",
    "a%2Bb",
    "%2e%2e/a",
    "\u00e9",
    "e\u0301",
    "😀/ü",
    "?uploads",
    "a?b#c&d=e",
  ],
  ...[
    "<&>\"'",
    "'()*!~;=:@$,",
    "PLAIN",
    ".staging/a",
    "plain.object",
    "folder.object/b",
    "x".repeat(255),
    "€".repeat(85),
  ],
];

/** What every object store must do with keys: list them, remove by them, tell them apart. */
export function keysContract(store: () => ObjectStore): void {
  const { put, read, keysUnder } = accessTo(store);

  describe("removal", () => {
    test("takes the object and may be repeated", async () => {
      await put("remove/x", patternBytes(5));
      await put("remove/y", patternBytes(5));
      await store().remove("remove/x");
      await store().remove("remove/x");
      expect(await store().stat("remove/x")).toBeUndefined();
      expect(await keysUnder("remove/")).toEqual(["remove/y"]);
    });

    test("by prefix takes all under it and nothing beside it", async () => {
      const under = ["local/a/1", "local/a/2", "local/a/b/c", "local/a/é <&>"];
      const beside = ["local/a1", "local/ab/1", "local/A/1", "local/b/1", "local/a%2F1", "a/local/a/1"];
      for (const key of [...under, ...beside]) await put(key, patternBytes(3));
      expect(await store().removeAll("local/a/")).toBe(under.length);
      expect(await keysUnder("local/a/")).toEqual([]);
      expect((await Promise.all(beside.map((key) => store().stat(key)))).every((info) => info !== undefined)).toBe(
        true,
      );
      expect(await store().removeAll("local/a/")).toBe(0);
    });

    test("by prefix takes more objects than one page of a listing has", async () => {
      const keys = Array.from({ length: 1003 }, (_, index) => `many/p/${index}`);
      const queue = keys.values();
      await Promise.all(
        Array.from({ length: 16 }, async () => {
          for (const key of queue) await put(key, patternBytes(1));
        }),
      );
      expect(await keysUnder("many/p/")).toEqual(keys.sort());
      expect(await store().removeAll("many/p/")).toBe(1003);
      expect(await keysUnder("many/")).toEqual([]);
    }, 30_000);

    test("by a prefix that names no folder is refused", async () => {
      await put("guard/x", patternBytes(1));
      for (const prefix of ["", "/", "guard", "guard/x"]) {
        expect(await failureOf(store().removeAll(prefix))).toMatchObject({ code: "invalid_input" });
      }
      expect(await store().stat("guard/x")).toBeDefined();
    });
  });

  test("a listing has the keys under the prefix, however it ends", async () => {
    const keys = ["list/a1", "list/ab", "list/a/b", "list/c"];
    for (const key of keys) await put(key, patternBytes(1));
    expect(await keysUnder("list/")).toEqual(keys.toSorted());
    expect(await keysUnder("list/a")).toEqual(["list/a/b", "list/a1", "list/ab"]);
    expect(await keysUnder("list/a/")).toEqual(["list/a/b"]);
    expect(await keysUnder("list/nothing/")).toEqual([]);
  });

  test("a scan has sizes and times in the order of the keys, and goes on behind any of them", async () => {
    const id = (number: number) => `00000000-0000-4000-8000-${String(number).padStart(12, "0")}`;
    const keys = [1, 2].flatMap((project) => [1, 2, 3].map((number) => `scan/${id(project)}/${id(number)}`));
    for (const [index, key] of keys.toReversed().entries()) await put(key, patternBytes(index));
    const scanned = await Array.fromAsync(store().scan("scan/"));
    expect(scanned.map(({ key }) => key)).toEqual(keys);
    expect(scanned.map(({ sizeBytes }) => sizeBytes)).toEqual([5, 4, 3, 2, 1, 0]);
    for (const { modifiedAt } of scanned) expect(Math.abs(modifiedAt.getTime() - Date.now())).toBeLessThan(3_600_000);
    const behind = await Array.fromAsync(store().scan("scan/", keys[1]));
    expect(behind.map(({ key }) => key)).toEqual(keys.slice(2));
    expect(await Array.fromAsync(store().scan(`scan/${id(2)}/`))).toHaveLength(3);
    expect(await Array.fromAsync(store().scan("scan/nothing/"))).toEqual([]);
  });

  test("a key names one object of its own, however it is spelled", async () => {
    for (const key of spelledKeys) await put(`spelled/${key}`, Buffer.from(key));
    for (const key of spelledKeys) {
      expect(Buffer.from((await read(`spelled/${key}`)) ?? []).toString()).toBe(key);
    }
    const expected = spelledKeys.map((key) => `spelled/${key}`).sort();
    expect(await keysUnder("spelled/")).toEqual(expected);
    for (const key of expected) await store().remove(key);
    expect(await keysUnder("spelled/")).toEqual([]);
  });

  test("keys that are empty, too long or not well-formed are refused everywhere", async () => {
    for (const key of ["", "x".repeat(1025), "é".repeat(513), "a\ud800b"]) {
      const refusals = [put(key, patternBytes(1)), store().stat(key), store().open(key), store().remove(key)];
      for (const refusal of refusals) expect(await failureOf(refusal)).toMatchObject({ code: "invalid_input" });
    }
  });
}
