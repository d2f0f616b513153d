import { existsSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { parseDotenv } from "../src/settings/dotenv.ts";
import { figuresFile, sumUp } from "./resilience/support/figures.ts";
import { removeServerDirs } from "./support/daemon.ts";
import { needs, reasonOf } from "./support/needs.ts";
import { docker, type Part, postgres, type StartedPart, startParts, stores } from "./support/parts.ts";
import { judge, type TestRun } from "./support/verdict.ts";

/**
 * `bun run test [arguments of bun test]`: all tests, against real services where they are installed. Services named by
 * TEST_POSTGRES_URL, TEST_S3_* and TEST_DOCKER_HOST are used as they are. Variables may also stand in `.env.test`; those
 * of the environment win. With TEST_REQUIRE_ALL=1 a skipped test is a failure.
 *
 * TEST_STORE=ceph|seaweedfs|minio|versitygw: the S3 store to start. Without it and without arguments, what concerns the
 * store is run on each of them. TEST__USE_TESTCONTAINERS=1: PostgreSQL and the store in containers. TEST__LIVE=1: the
 * tests against a real Hub, no others.
 */
const ROOT = join(import.meta.dir, "..");
const ARTIFACTS = join(ROOT, ".artifacts");
const LIVE_TESTS = "./test/live/hub.live.ts";
/** Minutes of waiting, in which the processor has nothing to do. */
const WAITING_TESTS = "test/resilience/slow-clients.test.ts";
/** What is run on every other store too. */
const STORE_TESTS = [
  "./test/objects/s3.test.ts",
  "./test/objects/s3-connections.test.ts",
  "./test/http/local.test.ts",
  "./test/http/final.test.ts",
  "./test/http/delete.test.ts",
  "./test/http/hostile-upload.test.ts",
  "./test/http/failures.test.ts",
];

const envFile = join(ROOT, ".env.test");
const given = existsSync(envFile) ? parseDotenv(readFileSync(envFile, "utf8")).values : {};
const env: Record<string, string | undefined> = { ...given, ...process.env };
const isLive = env.TEST__LIVE === "1";
const usesContainers = env.TEST__USE_TESTCONTAINERS === "1";
const requireAll = env.TEST_REQUIRE_ALL === "1";
const chosen = process.argv.slice(2);
const runsAll = chosen.length === 0 && env.TEST_STORE === undefined;

/** Both in containers: without Ryuk, which would clean up after a crash, for it is one more image to have. */
async function inContainers(): Promise<readonly [Part, Part]> {
  process.env.TESTCONTAINERS_RYUK_DISABLED ??= "true";
  const { startObjectStoreContainer, startPostgresContainer } = await import("./support/containers.ts");
  const container = (name: string, start: Part["start"]): Part => ({
    name,
    remedy: "",
    isInstalled: () => true,
    start,
  });
  return [container("PostgreSQL", startPostgresContainer), container("SeaweedFS", startObjectStoreContainer)];
}

function chooseStore(): Part {
  const { TEST_STORE: name = Object.keys(stores).find((name) => stores[name]?.isInstalled()) ?? "ceph" } = env;
  const store = stores[name];
  if (store === undefined) throw new Error(`TEST_STORE=${name}: it is one of ${Object.keys(stores).join(", ")}`);
  return store;
}

/** What is to be started: what is named in the environment is used as it is, and what is not installed is left out. */
async function chooseParts(): Promise<{ readonly parts: readonly Part[]; readonly store: Part | undefined }> {
  if (isLive) return { parts: [], store: undefined };
  const [database, store] = usesContainers ? await inContainers() : [postgres, chooseStore()];
  const wanted: readonly (readonly [Part, string | undefined])[] = [
    [database, env.TEST_POSTGRES_URL],
    [store, env.TEST_S3_ENDPOINT],
    ...(usesContainers ? [] : [[docker, env.TEST_DOCKER_HOST] as const]),
  ];
  for (const [{ name }, place] of wanted) if (place) console.log(`${name}: tested against the one in the environment`);
  return { parts: wanted.flatMap(([part, place]) => (place || !part.isInstalled() ? [] : [part])), store };
}

/** Runs `bun test`. */
async function runTests(args: readonly string[], variables: Record<string, string>, report: string, on?: string) {
  const path = join(ARTIFACTS, report);
  rmSync(path, { force: true });
  // For those that name no time themselves: a busy machine is no failure.
  const patience = "--timeout=30000";
  const reporter = ["--reporter=junit", `--reporter-outfile=${path}`];
  const child = Bun.spawn([process.execPath, "test", patience, ...reporter, ...args], {
    cwd: ROOT,
    env: { ...env, ...variables, TEST_IS_RUN: "1" },
    stdio: ["ignore", "inherit", "inherit"],
  });
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => child.kill(signal));
  const exitCode = await child.exited;
  removeServerDirs(child.pid);
  const xml = existsSync(path) ? readFileSync(path, "utf8") : undefined;
  return { exitCode, xml, ...(on === undefined ? {} : { on }) };
}

/** The other stores one after the other, each with as little beside it as can be. */
async function runOnOtherStores(used: Part | undefined, variables: Record<string, string>): Promise<TestRun[]> {
  const runs: TestRun[] = [];
  for (const [key, part] of Object.entries(stores)) {
    if (part === used) continue;
    if (!part.isInstalled()) {
      console.log(`${part.name}: missing, so nothing is run on it (${part.remedy})`);
      if (requireAll) runs.push({ exitCode: 1, xml: undefined, on: part.name });
      continue;
    }
    const server: StartedPart = await part.start();
    const own = { ...variables, ...server.variables, TEST_BACKENDS: "servers" };
    runs.push(await runTests(STORE_TESTS, own, `junit-${key}.xml`, part.name).finally(server.stop));
  }
  return runs;
}

/** All but those that only wait. */
function testFiles(): string[] {
  const names = [...new Bun.Glob("test/**/*.test.ts").scanSync({ cwd: ROOT })];
  return names.filter((name) => name !== WAITING_TESTS);
}

/** Those that only wait and those on other stores run beside the others, unless somebody has chosen what to run. */
async function runChosen(variables: Record<string, string>, store: Part | undefined): Promise<TestRun[]> {
  mkdirSync(ARTIFACTS, { recursive: true });
  rmSync(figuresFile, { force: true });
  if (isLive) return [await runTests([LIVE_TESTS, ...chosen], variables, "junit.xml")];
  if (chosen.some((path) => path !== "./test/resilience")) return [await runTests(chosen, variables, "junit.xml")];
  const runs = await Promise.all([
    runTests([...chosen, `--path-ignore-patterns=${WAITING_TESTS}`], variables, "junit.xml").then((run) => {
      return runsAll ? { ...run, files: testFiles() } : run;
    }),
    runTests([`./${WAITING_TESTS}`], variables, "junit-waiting.xml"),
    runsAll && !usesContainers ? runOnOtherStores(store, variables) : [],
  ]);
  return runs.flat();
}

function findMissing(variables: Record<string, string>) {
  const missing = isLive ? [] : needs.filter((need) => !need.isThere({ ...env, ...variables }));
  for (const { name, remedy } of missing) console.log(`${name}: missing, so what needs it is skipped (${remedy})`);
  return missing;
}

async function runAll() {
  const { parts, store } = await chooseParts();
  const services = await startParts(parts);
  for (const { name } of parts) console.log(`${name}: started for the tests`);
  try {
    const missing = findMissing(services.variables);
    const runs = await runChosen(services.variables, store);
    return { runs, missing };
  } finally {
    await services.stop();
  }
}

const { runs, missing } = await runAll().catch((error) => {
  console.log(String(error));
  return { runs: [{ exitCode: 1, xml: undefined }], missing: [] };
});
const verdict = judge(runs, { requireAll, reasonOf: (file) => reasonOf(file, missing) });
const resilience = existsSync(figuresFile) ? [sumUp(readFileSync(figuresFile, "utf8"))] : [];
console.log(`\n${[...resilience, ...verdict.lines].join("\n")}`);
process.exit(verdict.exitCode);
