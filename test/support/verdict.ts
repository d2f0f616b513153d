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

/**
 * How a test run ended: the exit code, and what to print. The last line is `N passed, N failed, N skipped`.
 *
 * A run without a report is a failure, and so is one with a skipped test where all are required. A file that cannot be
 * loaded fails `bun test` but is not in its report; it is counted as one failure.
 */
export function judge(bunExitCode: number, xml: string | undefined, requireAll: boolean) {
  const report = xml === undefined ? undefined : parseReport(xml);
  if (report === undefined) {
    const lines = ["The tests left no report: nothing was run, or they crashed.", "0 passed, 1 failed, 0 skipped"];
    return { exitCode: bunExitCode || 1, lines };
  }
  const { tests, skipped } = report;
  const lines = skipped.map((name) => `skipped: ${name}`);
  const isIncomplete = requireAll && skipped.length > 0;
  if (isIncomplete) lines.push("TEST_REQUIRE_ALL=1: a skipped test is a failure.");
  const failed = Math.max(report.failed, bunExitCode === 0 ? 0 : 1);
  lines.push(`${tests - report.failed - skipped.length} passed, ${failed} failed, ${skipped.length} skipped`);
  return { exitCode: bunExitCode || (isIncomplete ? 1 : 0), lines };
}
