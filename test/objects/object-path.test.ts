import { expect, test } from "bun:test";
import fc from "fast-check";
import { folderPath, keyOfPath, objectPath } from "../../src/objects/directory/object-path.ts";

const awkward = fc.constantFrom(
  "",
  ".",
  "..",
  "a",
  "A",
  "%",
  "%2e",
  "+",
  "a+",
  ".object",
  "a.object",
  "\0",
  "é",
  "e\u0301",
  "x".repeat(200),
);
const segment = fc.oneof(awkward, fc.string({ unit: "binary", maxLength: 300 }), fc.string({ maxLength: 20 }));
const key = fc.array(segment, { minLength: 1, maxLength: 6 }).map((segments) => segments.join("/"));

test("every key comes back from its path, so no two keys share one", () => {
  fc.assert(fc.property(key, (key) => keyOfPath(objectPath("", key).split("/")) === key));
});

test("two keys share no path even where letter case is folded", () => {
  fc.assert(fc.property(key, (key) => objectPath("", key) === objectPath("", key).toLowerCase()));
});

test("every path stays inside the root, in names that any file system takes", () => {
  fc.assert(
    fc.property(key, (key) => {
      const path = objectPath("/root", key);
      expect(path.startsWith("/root/")).toBe(true);
      for (const name of path.slice(6).split("/")) expect(name).toMatch(/^[a-z0-9_%+-]{1,201}(\.object)?$/);
    }),
  );
});

test("an object lies in the folder of each prefix of its key that ends in a slash", () => {
  fc.assert(
    fc.property(key, fc.nat(5), (key, cut) => {
      const prefix = key
        .split("/")
        .slice(0, cut)
        .map((segment) => `${segment}/`)
        .join("");
      expect(objectPath("/root", key).startsWith(`${folderPath("/root", prefix)}/`)).toBe(cut < key.split("/").length);
    }),
  );
});
