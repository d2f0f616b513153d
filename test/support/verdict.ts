interface Report {
  readonly tests: number;
  readonly failed: number;
  /** Names; tests marked as to be done are among them. */
  readonly skipped: readonly string[];
}

const ENTITIES: Readonly<Record<string, string>> = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'" };

const plain = (text: string): string => text.replace(/&(\w+);/g, (entity, name) => ENTITIES[name] ?? entity);

/** What `bun test --reporter=junit` wrote; undefined where that is not a whole report. */
function parseReport(xml: string): Report | undefined {
  const totals = /<testsuites [^>]*tests="(\d+)"[^>]*failures="(\d+)"/.exec(xml);
  if (!totals || !xml.trimEnd().endsWith("</testsuites>")) return undefined;
  const cases = xml.matchAll(/<testcase name="([^"]*)" classname="([^"]*)"[^>]*[^/>]>\s*<skipped/g);
  const skipped = Array.from(cases, ([, name = "", group = ""]) => plain(group ? `${group} > ${name}` : name));
  return { tests: Number(totals[1]), failed: Number(totals[2]), skipped };
}

/** A run of `bun test`. */
export interface TestRun {
  readonly exitCode: number;
  /** Its report; undefined when it left none. */
  readonly xml: string | undefined;
}

/**
 * How a test run ended that was made by one or several processes: the exit code, and what to print. The last line is
 * `N passed, N failed, N skipped`.
 *
 * A run without a report is a failure, and so is one with a skipped test where all are required. A file that cannot be
 * loaded fails `bun test` but is not in its report; it is counted as one failure.
 */
export function judge(runs: readonly TestRun[], requireAll: boolean) {
  const counts = runs.map(count);
  const sum = (name: "passed" | "failed") => counts.reduce((total, one) => total + one[name], 0);
  const skipped = counts.flatMap((one) => one.skipped);
  const isIncomplete = requireAll && skipped.length > 0;
  const lines = [
    ...counts.filter(({ isWhole }) => !isWhole).map(() => "Tests left no report: they were not run, or they crashed."),
    ...skipped.map((name) => `skipped: ${name}`),
    ...(isIncomplete ? ["TEST_REQUIRE_ALL=1: a skipped test is a failure."] : []),
    `${sum("passed")} passed, ${sum("failed")} failed, ${skipped.length} skipped`,
  ];
  const exitCode = counts.find((one) => one.exitCode !== 0)?.exitCode ?? 0;
  return { exitCode: exitCode || (isIncomplete ? 1 : 0), lines };
}

function count({ exitCode, xml }: TestRun) {
  const report = xml === undefined ? undefined : parseReport(xml);
  if (report === undefined) return { exitCode: exitCode || 1, isWhole: false, passed: 0, failed: 1, skipped: [] };
  const { tests, skipped } = report;
  const failed = Math.max(report.failed, exitCode === 0 ? 0 : 1);
  return { exitCode, isWhole: true, passed: tests - report.failed - skipped.length, failed, skipped };
}
