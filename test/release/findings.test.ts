import { describe, expect, test } from "bun:test";
import type { FindingCode } from "../../src/release/findings/examination.ts";
import { lookAtFile } from "../../src/release/findings/look.ts";
import { createPace } from "../../src/release/findings/pace.ts";

const encoder = new TextEncoder();
type Content = string | Uint8Array<ArrayBuffer>;
const bytesOf = (content: Content) => (typeof content === "string" ? encoder.encode(content) : content);

interface LookOptions {
  readonly isWhole: boolean;
  readonly smallCount: number;
  readonly now: () => number;
}

/** On a clock that stands still unless told otherwise: what is found must not depend on how fast this machine is. */
function look(content: Content, filename = "result", options: Partial<LookOptions> = {}) {
  const { isWhole = true, smallCount = 5, now = () => 0 } = options;
  const pace = createPace(now, 2_000);
  return lookAtFile({ bytes: bytesOf(content), isWhole, filename }, { smallCount, pace });
}

const bytes = (...values: number[]) => new Uint8Array(values);
const mib = 1_048_576;

describe("what a file is, is told by its content", () => {
  test.each<readonly [string, Content, string, FindingCode[]]>([
    ["empty", "", "empty", []],
    ["number", " 118.5\n", "number", []],
    ["number", "1_0", "number", []],
    ["JSON", '{"mean": 1.5, "n": [10, 20]}', "json", []],
    ["JSON", "[]", "json", []],
    ["a table", "group,n\na,10\nb,20\n", "csv", []],
    ["a table with semicolons", "group;n\r\na;10\r\nb;20\r\n", "csv", []],
    ["a table with tabs and quotes", 'group\tn\n"a\tx"\t10\n"b\ny"\t20\n', "csv", []],
    ["text", "The mean is 5.\nNothing else is known.\n", "text", []],
    ["text that begins like JSON", "[1] see below\n", "text", []],
    ["PNG", bytes(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 1), "png", []],
    ["JPEG", bytes(0xff, 0xd8, 0xff, 0xe0, 1), "jpeg", []],
    ["PDF", "%PDF-1.7\n/Type /Catalog", "pdf", ["opaque"]],
    ["PDF with script", "%PDF-1.7\n/OpenAction << /JavaScript", "pdf", ["active_content", "opaque"]],
    ["ZIP", "PK\x03\x04 word/document.xml", "archive", ["opaque"]],
    ["a model in a ZIP", "PK\x03\x04 archive/data.pklPK", "archive", ["pickle", "opaque"]],
    ["gzip", bytes(0x1f, 0x8b, 8, 0), "archive", ["opaque"]],
    ["pickle, protocol 4", bytes(0x80, 4, 0x95, 0, 0x2e), "pickle", ["pickle"]],
    ["pickle, protocol 0", "cos\nsystem\n(S'id'\ntR.", "pickle", ["pickle"]],
    ["pickle of a list, protocol 0", "(lp0\nI1\na.", "pickle", ["pickle"]],
    [
      "NumPy's array of objects",
      bytes(0x93, ...encoder.encode("NUMPY {'descr': '|O'}")),
      "binary",
      ["pickle", "opaque"],
    ],
    ["HTML", "<!doctype html><p>x", "text", ["active_content"]],
    ["HTML called a table", "a,b\n1,<script>alert(1)</script>\n", "text", ["active_content"]],
    ["SVG", "<?xml version='1.0'?><svg onload='x()'/>", "text", ["active_content"]],
    ["bytes", bytes(0, 1, 2, 3), "binary", ["opaque"]],
    ["bytes that are no UTF-8", bytes(0xc3, 0x28, 0x41), "binary", ["opaque"]],
  ])("%s", async (_, content, kind, codes) => {
    const found = await look(content, "named.png");
    expect([found.kind, found.findings.map(({ code }) => code)]).toEqual([kind as typeof found.kind, codes]);
  });

  test("a pickle is said to run code", async () => {
    const [finding] = (await look(bytes(0x80, 5, 0x2e))).findings;
    expect(finding?.message).toBe("A pickle cannot be looked into; opening it runs code.");
  });

  test("a PNG behind which a page stands is a picture all the same, and never a page", async () => {
    const found = await look(
      new Uint8Array([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, ...encoder.encode("<html>")]),
    );
    expect([found.kind, found.preview.type]).toEqual(["png", "picture"]);
  });
});

describe("small counts", () => {
  const placesIn = async (content: string, smallCount = 5) => {
    const { findings } = await look(content, "result.csv", { smallCount });
    return findings.find(({ code }) => code === "small_count");
  };

  test("are named with the first places, in tables", async () => {
    const found = await placesIn("group,n,mean\na,0,1.5\nb,4,2.5\nc,5,4.0\n");
    expect(found).toMatchObject({ count: 2, message: "Whole numbers from 1 to 4, which may stand for few people." });
    expect(found?.places).toEqual([
      { row: 2, column: "n", value: "4" },
      { row: 3, column: "mean", value: "4.0" },
    ]);
  });

  test("are named by their path, in JSON", async () => {
    expect((await placesIn('{"a": {"n": [7, 3, 0.5]}, "b": -2, "c": 1e0}'))?.places).toEqual([
      { path: "$.a.n[1]", value: "3" },
      { path: "$.c", value: "1" },
    ]);
  });

  test("are told of a single number", async () => {
    expect((await placesIn("3"))?.places).toEqual([{ value: "3" }]);
    expect(await placesIn("5")).toBeUndefined();
  });

  test("are none where nothing is small", async () => {
    expect(await placesIn("a,b\n1,2\n3,4\n", 0)).toBeUndefined();
    expect(await placesIn("a,b\n1,2\n3,4\n", 1)).toBeUndefined();
  });

  test("of many only the first are placed, and all are counted", async () => {
    const found = await placesIn(`n,m\n${"1,9\n".repeat(1_000)}`);
    expect([found?.count, found?.places?.length]).toEqual([1_000, 20]);
  });

  test("are marked in the table that is shown", async () => {
    const { preview } = await look("n,m\n10,3\n2,30\n", "t.csv");
    expect(preview).toMatchObject({
      type: "table",
      header: ["n", "m"],
      rows: [
        ["10", "3"],
        ["2", "30"],
      ],
      smallCells: [
        [0, 1],
        [1, 0],
      ],
    });
  });
});

test("columns of mostly distinct text are named, not those of few groups or of numbers", async () => {
  const rows = Array.from({ length: 30 }, (_, index) => `P-${index},g${index % 3},${index * 1.5},00${index}`);
  const { findings } = await look(`patient,group,value,case\n${rows.join("\n")}\n`, "t.csv", { smallCount: 0 });
  expect(findings).toMatchObject([
    { code: "identifiers", count: 2, places: [{ column: "patient" }, { column: "case" }] },
  ]);
});

test("cells that a spreadsheet would compute are named, numbers with a sign are not", async () => {
  const content = 'name,value\n"=HYPERLINK(""http://x"")",-1.5\n@SUM(A1),+3\nplain,-x\n';
  const { findings } = await look(content, "t.csv", { smallCount: 0 });
  expect(findings.find(({ code }) => code === "formula")).toMatchObject({
    count: 3,
    places: [
      { row: 1, column: "name" },
      { row: 2, column: "name" },
      { row: 3, column: "value" },
    ],
  });
});

describe("whatever a file is made of, looking at it ends and tells", () => {
  test.each<readonly [string, () => Content, string]>([
    ["brackets without end", () => "[".repeat(mib), "json"],
    ["objects without end", () => '{"a":'.repeat(200_000), "json"],
    ["a string without end", () => `"${"x".repeat(mib)}`, "text"],
    ["a row without end", () => `a,b\n1,2\n${"1,".repeat(2 * mib)}`, "text"],
    ["a quote without end", () => `a,b\n1,2\n"${"x,\n".repeat(mib)}`, "text"],
    ["many columns", () => `${"a,".repeat(50_000)}b\n${"1,".repeat(50_000)}2\n`.repeat(3), "csv"],
    ["only line feeds", () => "\n".repeat(mib), "text"],
    ["only quotes", () => '"'.repeat(mib), "text"],
    ["only commas", () => ",".repeat(mib), "text"],
    ["a number of many digits", () => `[${"9".repeat(mib)}]`, "json"],
    ["what unpacks to much", () => bytes(0x50, 0x4b, 3, 4, 0xff, 0xff), "archive"],
  ])(
    "%s",
    async (_, content, kind) => {
      expect((await look(content(), "bomb.csv")).kind).toBe(kind as "text");
    },
    60_000,
  );

  test("depth is told as a finding", async () => {
    const { findings } = await look("[".repeat(100_000));
    expect(findings.map(({ code }) => code)).toContain("unreadable");
  });

  test("what there is no time for is said to be left out", async () => {
    let asked = 0;
    const now = () => 900 * asked++;
    const table = `n,m\n${"10,20\n".repeat(100_000)}`;
    const found = await look(table, "t.csv", { now });
    expect([found.kind, found.isPartial]).toEqual(["csv", true]);
    expect(found.rows).toBeLessThan(100_000);
    asked = 0;
    expect((await look(`[${"10,".repeat(200_000)}1]`, "t.json", { now })).isPartial).toBe(true);
  });

  test("a page that begins far behind, or where the search goes on, is found all the same", async () => {
    const piece = 262_144;
    for (const place of [piece - 4, piece + 3, 5 * piece]) {
      const found = await look(`${"x".repeat(place)}<script>`, "t.txt");
      expect([place, found.mediaType]).toEqual([place, "text/html"]);
    }
    const drawing = `<?xml version="1.0"?>${" ".repeat(2 * piece)}<svg >`;
    expect((await look(drawing, "t.txt")).mediaType).toBe("text/svg");
  });

  test("a text of nothing but beginnings of tags is searched in turns with others, as far as there is time", async () => {
    let asked = 0;
    const text = "<".repeat(8 * mib);
    expect((await look(text, "t.txt", { now: () => 900 * asked++ })).isPartial).toBe(true);
    const found = await look(text, "t.txt", { now: () => asked++ / 1000 });
    expect([found.kind, found.isPartial]).toEqual(["text", false]);
  });

  test("others have their turn meanwhile", async () => {
    let turns = 0;
    const timer = setInterval(() => {
      turns += 1;
    }, 0);
    await look(`n,m\n${"10,20\n".repeat(200_000)}`, "t.csv");
    clearInterval(timer);
    expect(turns).toBeGreaterThan(3);
  });

  test("the beginning of a file is looked at without what is cut off", async () => {
    const found = await look("group,n\na,10\nb,4", "t.csv", { isWhole: false });
    expect([found.kind, found.rows, found.isPartial]).toEqual(["csv", 1, true]);
    const json = await look('[{"n": 10}, {"n": 4}, {"n"', "t.json", { isWhole: false });
    expect([json.kind, json.isPartial]).toEqual(["json", true]);
    expect((await look(encoder.encode("über").subarray(0, 1), "t", { isWhole: false })).kind).toBe("text");
  });
});
