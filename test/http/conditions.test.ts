import { describe, expect, test } from "bun:test";
import { judgeConditions } from "../../src/http/conditions.ts";
import { readRange } from "../../src/http/ranges.ts";

const modified = "Sun, 06 Nov 1994 08:49:37 GMT";
const earlier = "Sun, 06 Nov 1994 08:49:36 GMT";
const info = {
  etag: '"a,b"',
  // Dates in headers know no fractions of seconds.
  modifiedAt: new Date(Date.parse(modified) + 999),
  sizeBytes: 10,
  contentType: "text/plain",
  filename: "x",
};

describe("conditions of RFC 9110", () => {
  test.each([
    [{}, "proceed"],
    [{ "if-match": '"a,b"' }, "proceed"],
    [{ "if-match": '"x", "a,b"' }, "proceed"],
    [{ "if-match": "*" }, "proceed"],
    [{ "if-match": '"x"' }, "failed"],
    [{ "if-match": 'W/"a,b"' }, "failed"],
    [{ "if-match": "" }, "failed"],
    [{ "if-unmodified-since": modified }, "proceed"],
    [{ "if-unmodified-since": earlier }, "failed"],
    [{ "if-unmodified-since": "yesterday" }, "proceed"],
    [{ "if-match": '"a,b"', "if-unmodified-since": earlier }, "proceed"],
    [{ "if-none-match": '"a,b"' }, "not-modified"],
    [{ "if-none-match": 'W/"a,b"' }, "not-modified"],
    [{ "if-none-match": '"x" , "a,b"' }, "not-modified"],
    [{ "if-none-match": "*" }, "not-modified"],
    [{ "if-none-match": '"a", "b"' }, "proceed"],
    [{ "if-modified-since": modified }, "not-modified"],
    [{ "if-modified-since": "Sunday, 06-Nov-94 08:49:37 GMT" }, "not-modified"],
    [{ "if-modified-since": "Sun Nov  6 08:49:37 1994" }, "not-modified"],
    [{ "if-modified-since": earlier }, "proceed"],
    [{ "if-modified-since": "1994-11-06T08:49:37Z" }, "proceed"],
    [{ "if-none-match": '"x"', "if-modified-since": modified }, "proceed"],
    [{ "if-match": '"x"', "if-none-match": '"a,b"' }, "failed"],
  ])("%j: %s", (headers: Record<string, string>, verdict) => {
    expect(judgeConditions(new Headers(headers), info)).toBe(verdict as ReturnType<typeof judgeConditions>);
  });
});

describe("ranges of RFC 9110", () => {
  const range = (headers: Record<string, string>, sizeBytes = 10) =>
    readRange(new Request("http://x", { headers }), { ...info, sizeBytes });
  const part = { start: 0, end: 1 };

  test.each(["bytes=0-1", "Bytes=0-1", "bytes= 0-1", "bytes=,0-1,", "bytes=0-1 , "])("%p is a part", (text) => {
    expect(range({ range: text })).toEqual(part);
  });
  test.each(["bytes=0-1,20-30", "bytes=20-,0-1", "bytes=-0, 0-1"])("of %p what the object has is a part", (text) => {
    expect(range({ range: text })).toEqual(part);
  });
  test.each(["bytes=20-30", "bytes=10-", "bytes=-0", "bytes=20-30,40-", "bytes=-0,99999999999999999999-"])(
    "%p is nothing that the object has",
    (text) => {
      expect(range({ range: text })).toBe("unsatisfiable");
      expect(range({ range: text, "if-range": '"x"' })).toBe("all");
    },
  );
  test.each(["bytes=0-1,5-2", "bytes=20-30,x", "bytes=0 - 1", "bytes =0-1", "bytes=0-1;q=1", "bytes=", "bytes=,"])(
    "%p, which is malformed, is all",
    (text) => {
      expect(range({ range: text })).toBe("all");
    },
  );
  test.each(["bytes=0-1,3-4", "bytes 0-1", "bytes=-", "bytes=a-b", "bytes=1-0", "lines=0-1"])("%p is all", (text) => {
    expect(range({ range: text })).toBe("all");
  });
  test.each([
    ['"a,b"', true],
    ['W/"a,b"', false],
    ['"x"', false],
    [modified, true],
    [earlier, false],
    ["Sunday, 06-Nov-94 08:49:37 GMT", true],
    ["nonsense", false],
  ])("If-Range %s counts: %p", (validator, counts) => {
    expect(range({ range: "bytes=0-1", "if-range": validator })).toEqual(counts ? part : "all");
  });
  test("the last bytes of an empty file are all of it", () => {
    expect([range({ range: "bytes=-5" }, 0), range({ range: "bytes=-0" }, 0), range({ range: "bytes=0-" }, 0)]).toEqual(
      ["all", "unsatisfiable", "unsatisfiable"],
    );
  });
});
