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

test("passed, failed and skipped tests are counted", () => {
  expect(judge([{ exitCode: 1, xml: reportOf(PASSED, FAILED, SKIPPED, PASSED) }], false)).toEqual({
    exitCode: 1,
    lines: ["skipped: group > c > d", "2 passed, 1 failed, 1 skipped"],
  });
  expect(judge([{ exitCode: 0, xml: reportOf(PASSED) }], true)).toEqual({
    exitCode: 0,
    lines: ["1 passed, 0 failed, 0 skipped"],
  });
});

test("a skipped test fails the run only where all are required", () => {
  const report = reportOf(PASSED, SKIPPED);
  expect(judge([{ exitCode: 0, xml: report }], false).exitCode).toBe(0);
  expect(judge([{ exitCode: 0, xml: report }], true)).toMatchObject({ exitCode: 1 });
  expect(judge([{ exitCode: 0, xml: report }], true).lines.at(-1)).toBe("1 passed, 0 failed, 1 skipped");
});

test("a failure that is not in the report is counted", () => {
  expect(judge([{ exitCode: 1, xml: reportOf(PASSED) }], false)).toEqual({
    exitCode: 1,
    lines: ["1 passed, 1 failed, 0 skipped"],
  });
});

test.each([undefined, "", reportOf(PASSED).slice(0, -20)])("a run without a whole report has failed", (xml) => {
  expect(judge([{ exitCode: 0, xml: xml }], false)).toMatchObject({ exitCode: 1 });
  expect(judge([{ exitCode: 139, xml: xml }], false)).toMatchObject({ exitCode: 139 });
  expect(judge([{ exitCode: 0, xml: xml }], false).lines.at(-1)).toBe("0 passed, 1 failed, 0 skipped");
});

test("what several processes have done is added up", () => {
  const runs = [
    { exitCode: 0, xml: reportOf(PASSED, PASSED) },
    { exitCode: 1, xml: reportOf(FAILED, SKIPPED) },
  ];
  expect(judge(runs, false)).toEqual({
    exitCode: 1,
    lines: ["skipped: group > c > d", "2 passed, 1 failed, 1 skipped"],
  });
  const lost = [...runs.slice(0, 1), { exitCode: 0, xml: undefined }];
  expect(judge(lost, false)).toMatchObject({ exitCode: 1 });
  expect(judge(lost, false).lines.at(-1)).toBe("2 passed, 1 failed, 0 skipped");
});
