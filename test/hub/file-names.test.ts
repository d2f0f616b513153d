import { expect, test } from "bun:test";
import fc from "fast-check";
import { alternateName, plainName } from "../../src/hub/file-names.ts";

const id = "1a2b3c4d-0000-4000-8000-000000000000";

test.each([
  ["result.csv", "result-1a2b3c4d.csv"],
  ["model.tar.gz", "model.tar-1a2b3c4d.gz"],
  ["no extension", "no extension-1a2b3c4d"],
  [".hidden", ".hidden-1a2b3c4d"],
  ["dot.", "dot.-1a2b3c4d"],
  ["a.very-long-extension-it-is", "a.very-long-extension-it-is-1a2b3c4d"],
])("%s keeps its name, or becomes %s", (filename, alternate) => {
  expect([plainName(filename), alternateName(filename, id)]).toEqual([filename, alternate]);
});

test("no name is too long or ill-formed, and the two of a submission always differ", () => {
  const filenames = fc.string({ unit: "grapheme", minLength: 1, maxLength: 400 });
  fc.assert(
    fc.property(filenames, (filename) => {
      const names = [plainName(filename), alternateName(filename, id)];
      for (const name of names) {
        expect(name.length).toBeLessThanOrEqual(255);
        expect(name.isWellFormed()).toBe(true);
      }
      expect(names[0]).not.toBe(names[1]);
      expect(names[1]).toContain("-1a2b3c4d");
      if (filename.length <= 255) expect(names[0]).toBe(filename);
    }),
  );
});
