import { expect, test } from "bun:test";
import { judge } from "./verdict.ts";

const PASSED = '<testcase name="a" classname="" time="0" file="a.test.ts" line="1" assertions="0" />';
const FAILED = '<testcase name="b" classname="" time="0" file="a.test.ts"><failure message="&gt;" /></testcase>';
const SKIPPED = '<testcase name="c &gt; d" classname="group" time="0" file="a.test.ts">\n <skipped />\n</testcase>';

/** A report as `bun test` writes it. */
function reportOf(...cases: string[]): string {
  const count = (word: string) => cases.filter((one) => one.includes(word)).length;
  const totals = `tests="${cases.length}" assertions="1" failures="${count("<failure")}" skipped="${count("<skipped")}"`;
  return `<?xml version="1.0"?>\n<testsuites name="bun test" ${totals} time="0">\n${cases.join("\n")}\n</testsuites>\n`;
}

const required = { requireAll: true, reasonOf: (file: string) => `want of what ${file} needs` };
const free = { ...required, requireAll: false };

test("passed, failed and skipped tests are counted", () => {
  expect(judge([{ exitCode: 1, xml: reportOf(PASSED, FAILED, SKIPPED, PASSED) }], free)).toEqual({
    exitCode: 1,
    lines: ["skipped: 1 for want of what a.test.ts needs", "failed: a.test.ts: b", "2 passed, 1 failed, 1 skipped"],
  });
  expect(judge([{ exitCode: 0, xml: reportOf(PASSED) }], required)).toEqual({
    exitCode: 0,
    lines: ["1 passed, 0 failed, 0 skipped"],
  });
});

test("a skipped test fails the run only where all are required", () => {
  const report = reportOf(PASSED, SKIPPED);
  expect(judge([{ exitCode: 0, xml: report }], free).exitCode).toBe(0);
  expect(judge([{ exitCode: 0, xml: report }], required)).toMatchObject({ exitCode: 1 });
  expect(judge([{ exitCode: 0, xml: report }], required).lines.at(-1)).toBe("1 passed, 0 failed, 1 skipped");
});

test("a failure that is not in the report is counted", () => {
  expect(judge([{ exitCode: 1, xml: reportOf(PASSED) }], free)).toEqual({
    exitCode: 1,
    lines: ["failed: something outside of the tests, see above", "1 passed, 1 failed, 0 skipped"],
  });
});

test("a file that could not be loaded is named beside what failed", () => {
  const files = ["a.test.ts", "b.test.ts"];
  expect(judge([{ exitCode: 1, xml: reportOf(PASSED, FAILED), files }], free).lines).toEqual([
    "failed: a.test.ts: b",
    "failed: b.test.ts: cannot be loaded, see above",
    "1 passed, 2 failed, 0 skipped",
  ]);
  expect(judge([{ exitCode: 0, xml: reportOf(PASSED), files }], free).lines).toEqual(["1 passed, 0 failed, 0 skipped"]);
});

test.each([undefined, "", reportOf(PASSED).slice(0, -20)])("a run without a whole report has failed", (xml) => {
  expect(judge([{ exitCode: 0, xml: xml }], free)).toMatchObject({ exitCode: 1 });
  expect(judge([{ exitCode: 139, xml: xml }], free)).toMatchObject({ exitCode: 139 });
  expect(judge([{ exitCode: 0, xml: xml }], free).lines.at(-1)).toBe("0 passed, 1 failed, 0 skipped");
});

test("what several processes have done is added up", () => {
  const runs = [
    { exitCode: 0, xml: reportOf(PASSED, PASSED) },
    { exitCode: 1, xml: reportOf(FAILED, SKIPPED) },
  ];
  expect(judge(runs, free)).toEqual({
    exitCode: 1,
    lines: ["skipped: 1 for want of what a.test.ts needs", "failed: a.test.ts: b", "2 passed, 1 failed, 1 skipped"],
  });
  const lost = [...runs.slice(0, 1), { exitCode: 0, xml: undefined }];
  expect(judge(lost, free)).toMatchObject({ exitCode: 1 });
  expect(judge(lost, free).lines.at(-1)).toBe("2 passed, 1 failed, 0 skipped");
});

test("the names of what failed are the last lines but one, with what it ran on, and there are not too many", () => {
  const named = '<testcase name="x &amp; y" classname="group &gt; z" file="b.test.ts"><failure /></testcase>';
  const some = judge([{ exitCode: 1, xml: reportOf(FAILED, named), on: "MinIO" }], free);
  expect(some.lines.slice(-3)).toEqual([
    "failed: a.test.ts: b (on MinIO)",
    "failed: b.test.ts: group > z > x & y (on MinIO)",
    "0 passed, 2 failed, 0 skipped",
  ]);
  const many = judge([{ exitCode: 1, xml: reportOf(...Array.from({ length: 70 }, () => FAILED)) }], free);
  expect(many.lines.slice(-2)).toEqual(["failed: 20 more", "0 passed, 70 failed, 0 skipped"]);
});

test("skipped tests are counted by their reason, not listed", () => {
  const other = SKIPPED.replace("a.test.ts", "b.test.ts");
  const { lines } = judge([{ exitCode: 0, xml: reportOf(PASSED, SKIPPED, other, SKIPPED) }], free);
  expect(lines).toEqual([
    "skipped: 2 for want of what a.test.ts needs",
    "skipped: 1 for want of what b.test.ts needs",
    "1 passed, 0 failed, 3 skipped",
  ]);
});
