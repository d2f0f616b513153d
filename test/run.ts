import { existsSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { parseDotenv } from "../src/settings/dotenv.ts";
import { figuresFile, sumUp } from "./resilience/support/figures.ts";
import { cephInstalled, startCeph } from "./support/ceph-server.ts";
import { removeServerDirs } from "./support/daemon.ts";
import { dockerInstalled, startDockerEngine } from "./support/docker-engine.ts";
import { postgresInstalled, startPostgres } from "./support/postgres-server.ts";
import { judge, type TestRun } from "./support/verdict.ts";

/**
 * `bun run test [arguments of bun test]`: all tests, against real services where they are installed. Services named by
 * TEST_POSTGRES_URL, TEST_S3_* and TEST_DOCKER_HOST are used as they are. Variables may also stand in `.env.test`; those
 * of the environment win. With TEST_REQUIRE_ALL=1 a skipped test is a failure.
 *
 * TEST__USE_TESTCONTAINERS=1: PostgreSQL and MinIO in containers. TEST__LIVE=1: the tests against a real Hub, no others.
 */
const ROOT = join(import.meta.dir, "..");
const ARTIFACTS = join(ROOT, ".artifacts");
const LIVE_TESTS = "./test/live/hub.live.ts";
/** Minutes of waiting, in which the processor has nothing to do. */
const WAITING_TESTS = "test/resilience/slow-clients.test.ts";

const envFile = join(ROOT, ".env.test");
const given = existsSync(envFile) ? parseDotenv(readFileSync(envFile, "utf8")).values : {};
const env: Record<string, string | undefined> = { ...given, ...process.env };
const isLive = env.TEST__LIVE === "1";
const usesContainers = env.TEST__USE_TESTCONTAINERS === "1";

interface Part {
  readonly name: string;
  /** Debian packages. */
  readonly packages: string;
  readonly isGiven: boolean;
  readonly isInstalled: () => boolean;
  /** Starts the service; gives the variables that tell the tests of it, and what ends it. */
  readonly start: () => Promise<{ readonly variables: Record<string, string>; stop(): Promise<void> }>;
}

const postgres: Part = {
  name: "PostgreSQL",
  packages: "postgresql",
  isGiven: Boolean(env.TEST_POSTGRES_URL),
  isInstalled: postgresInstalled,
  start: async () => {
    const server = await startPostgres();
    return { variables: { TEST_POSTGRES_URL: server.url }, stop: server.stop };
  },
};

const objectStore: Part = {
  name: "S3 object store",
  packages: "radosgw ceph-mon ceph-osd",
  isGiven: Boolean(env.TEST_S3_ENDPOINT),
  isInstalled: cephInstalled,
  start: async () => {
    const server = await startCeph();
    const variables = {
      TEST_S3_ENDPOINT: server.endpoint,
      TEST_S3_ACCESS_KEY: server.accessKey,
      TEST_S3_SECRET_KEY: server.secretKey,
    };
    return { variables, stop: server.stop };
  },
};

const docker: Part = {
  name: "Docker engine",
  packages: "docker.io iptables",
  isGiven: Boolean(env.TEST_DOCKER_HOST),
  isInstalled: dockerInstalled,
  start: async () => {
    const engine = await startDockerEngine();
    return { variables: { TEST_DOCKER_HOST: engine.host, TEST_DOCKER_IMAGES: "made" }, stop: engine.stop };
  },
};

/** The same services from their images. Without Ryuk, which would clean up after a crash: it is one more image to have. */
async function inContainers(): Promise<readonly Part[]> {
  process.env.TESTCONTAINERS_RYUK_DISABLED ??= "true";
  const { startMinioContainer, startPostgresContainer } = await import("./support/containers.ts");
  const isInstalled = () => true;
  return [
    { ...postgres, isInstalled, start: startPostgresContainer },
    { ...objectStore, isInstalled, start: startMinioContainer },
  ];
}

async function chooseParts(): Promise<readonly Part[]> {
  if (isLive) return [];
  return usesContainers ? inContainers() : [postgres, objectStore, docker];
}

async function startPart(part: Part) {
  if (part.isGiven) console.log(`${part.name}: tested against the one named in the environment`);
  else if (!part.isInstalled()) {
    console.log(`${part.name}: skipped, as it is not installed (Debian: apt-get install ${part.packages})`);
  } else {
    const service = await part.start();
    console.log(`${part.name}: started for the tests`);
    return service;
  }
  return { variables: {}, stop: async () => {} };
}

/** Runs `bun test`. */
async function runTests(args: readonly string[], variables: Record<string, string>, report: string): Promise<TestRun> {
  const path = join(ARTIFACTS, report);
  rmSync(path, { force: true });
  // For those that name no time themselves: a busy machine is no failure.
  const patience = "--timeout=30000";
  const reporter = ["--reporter=junit", `--reporter-outfile=${path}`];
  const child = Bun.spawn([process.execPath, "test", patience, ...reporter, ...args], {
    cwd: ROOT,
    env: { ...env, ...variables },
    stdio: ["ignore", "inherit", "inherit"],
  });
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => child.kill(signal));
  const exitCode = await child.exited;
  removeServerDirs(child.pid);
  return { exitCode, xml: existsSync(path) ? readFileSync(path, "utf8") : undefined };
}

/** Those that only wait run beside the others, unless somebody has chosen what to run. */
function runChosen(variables: Record<string, string>): Promise<TestRun[]> {
  const chosen = process.argv.slice(2);
  mkdirSync(ARTIFACTS, { recursive: true });
  rmSync(figuresFile, { force: true });
  if (isLive) return Promise.all([runTests([LIVE_TESTS, ...chosen], variables, "junit.xml")]);
  if (chosen.some((path) => path !== "./test/resilience")) {
    return Promise.all([runTests(chosen, variables, "junit.xml")]);
  }
  return Promise.all([
    runTests([...chosen, `--path-ignore-patterns=${WAITING_TESTS}`], variables, "junit.xml"),
    runTests([`./${WAITING_TESTS}`], variables, "junit-waiting.xml"),
  ]);
}

/** All parts at once; when one does not start, the others are stopped again. */
async function startParts() {
  const parts = await chooseParts();
  const started = await Promise.allSettled(parts.map(startPart));
  const services = started.flatMap((result) => (result.status === "fulfilled" ? [result.value] : []));
  const stop = () => Promise.allSettled(services.map((service) => service.stop()));
  const failed = started.find((result) => result.status === "rejected");
  if (failed) {
    await stop();
    throw failed.reason;
  }
  return { variables: Object.assign({}, ...services.map((service) => service.variables)), stop };
}

async function runWithServices() {
  const services = await startParts();
  return runChosen(services.variables).finally(services.stop);
}

const runs = await runWithServices().catch((error): TestRun[] => {
  console.log(String(error));
  return [{ exitCode: 1, xml: undefined }];
});
const verdict = judge(runs, env.TEST_REQUIRE_ALL === "1");
const resilience = existsSync(figuresFile) ? [sumUp(readFileSync(figuresFile, "utf8"))] : [];
console.log(`\n${[...resilience, ...verdict.lines].join("\n")}`);
process.exit(verdict.exitCode);
