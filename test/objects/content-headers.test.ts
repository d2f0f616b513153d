import { expect, test } from "bun:test";
import fc from "fast-check";
import { formatDisposition, parseDisposition } from "../../src/content-disposition.ts";

test("any file name survives the header, which is plain ASCII", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary", minLength: 1, maxLength: 255 }), (filename) => {
      const header = formatDisposition(filename);
      expect(header).toMatch(/^[\x21-\x7e ]+$/);
      expect(parseDisposition(header)).toBe(filename.toWellFormed());
    }),
  );
});

test("headers of other software are read, and nonsense gives no name", () => {
  expect(parseDisposition('attachment; filename="a b.csv"')).toBe("a b.csv");
  expect(parseDisposition('attachment; filename="a\\"b.csv"')).toBe('a"b.csv');
  expect(parseDisposition("attachment; filename=a.csv; size=3")).toBe("a.csv");
  expect(parseDisposition(`inline; filename="plain"; filename*=utf-8'en'%e2%82%ac`)).toBe("€");
  expect(parseDisposition(`attachment; filename="plain"; filename*=UTF-8''%zz`)).toBe("plain");
  for (const none of [null, "", "inline", "attachment; filename=", 'attachment; filename=""', "filename"]) {
    expect(parseDisposition(none)).toBeUndefined();
  }
});
