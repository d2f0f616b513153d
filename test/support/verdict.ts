interface Case {
  /** With the groups around it. */
  readonly name: string;
  readonly file: string;
}

interface Report {
  readonly tests: number;
  /** How many; a test that ended by a time-out or a crash is among them. */
  readonly failures: number;
  readonly failed: readonly Case[];
  /** Tests marked as to be done are among them. */
  readonly skipped: readonly Case[];
}

/** A run of `bun test`. */
export interface TestRun {
  readonly exitCode: number;
  /** Its report; undefined when it left none. */
  readonly xml: string | undefined;
  /** What it ran on, where the same tests are run on several things. */
  readonly on?: string;
  /** The test files it was to run, where they are known. */
  readonly files?: readonly string[];
}

export interface Judgement {
  /** Whether a skipped test is a failure. */
  readonly requireAll: boolean;
  /** Why a test of the file was skipped. */
  reasonOf(file: string): string;
}

const MOST_NAMES = 50;
const ENTITIES: Readonly<Record<string, string>> = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'" };

const plain = (text: string): string => text.replace(/&(\w+);/g, (entity, name) => ENTITIES[name] ?? entity);

/** What `bun test --reporter=junit` wrote; undefined where that is not a whole report. */
function parseReport(xml: string): Report | undefined {
  const totals = /<testsuites [^>]*tests="(\d+)"[^>]*failures="(\d+)"/.exec(xml);
  if (!totals || !xml.trimEnd().endsWith("</testsuites>")) return undefined;
  const casesWith = (tag: string) =>
    Array.from(xml.matchAll(new RegExp(`<testcase ([^>]*[^/>])>\\s*<${tag}`, "g")), ([, attributes = ""]) =>
      parseCase(attributes),
    );
  return {
    tests: Number(totals[1]),
    failures: Number(totals[2]),
    failed: casesWith("failure"),
    skipped: casesWith("skipped"),
  };
}

function parseCase(attributes: string): Case {
  const read = (name: string) => plain(new RegExp(`(?:^| )${name}="([^"]*)"`).exec(attributes)?.[1] ?? "");
  const group = read("classname");
  return { name: group ? `${group} > ${read("name")}` : read("name"), file: read("file") };
}

/**
 * How a test run ended that was made by one or several processes: the exit code, and what to print. Before the last line,
 * which is `N passed, N failed, N skipped`, stand the names of what failed.
 *
 * A run without a report is a failure, and so is one with a skipped test where all are required. A file that cannot be
 * loaded fails `bun test` but is not in its report: each file that is missing there is counted as one failure.
 */
export function judge(runs: readonly TestRun[], { requireAll, reasonOf }: Judgement) {
  const counts = runs.map(count);
  const sum = (name: "passed" | "failed") => counts.reduce((total, one) => total + one[name], 0);
  const skipped = counts.flatMap((one) => one.skipped);
  const isIncomplete = requireAll && skipped.length > 0;
  const names = counts.flatMap((one) => one.names);
  const lines = [
    ...countByReason(skipped.map(({ file }) => reasonOf(file))),
    ...(isIncomplete ? ["TEST_REQUIRE_ALL=1: a skipped test is a failure."] : []),
    ...names.slice(0, MOST_NAMES).map((name) => `failed: ${name}`),
    ...(names.length > MOST_NAMES ? [`failed: ${names.length - MOST_NAMES} more`] : []),
    `${sum("passed")} passed, ${sum("failed")} failed, ${skipped.length} skipped`,
  ];
  const exitCode = counts.find((one) => one.exitCode !== 0)?.exitCode ?? 0;
  return { exitCode: exitCode || (isIncomplete ? 1 : 0), lines };
}

function countByReason(reasons: readonly string[]): string[] {
  return [...new Set(reasons)].map((reason) => {
    const times = reasons.filter((one) => one === reason).length;
    return `skipped: ${times} for ${reason}`;
  });
}

function count({ exitCode, xml, on, files = [] }: TestRun) {
  const place = on === undefined ? "" : ` (on ${on})`;
  const report = xml === undefined ? undefined : parseReport(xml);
  if (report === undefined) {
    const names = [`tests left no report: they were not run, or they crashed${place}`];
    return { exitCode: exitCode || 1, passed: 0, failed: 1, skipped: [], names };
  }
  const { tests, skipped, failures } = report;
  const unloaded = exitCode === 0 ? [] : files.filter((file) => !xml?.includes(`file="${file}"`));
  const names = [
    ...report.failed.map(({ file, name }) => `${file}: ${name}${place}`),
    ...unloaded.map((file) => `${file}: cannot be loaded, see above${place}`),
  ];
  if (names.length === 0 && exitCode !== 0) names.push(`something outside of the tests, see above${place}`);
  const failed = Math.max(failures + unloaded.length, exitCode === 0 ? 0 : 1);
  return { exitCode, passed: tests - failures - skipped.length, failed, skipped, names };
}
