import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { cephInstalled, startCeph } from "../../test/support/ceph-server.ts";
import { postgresInstalled, startPostgres } from "../../test/support/postgres-server.ts";

const root = join(import.meta.dir, "..", "..");
const packages = { curl: "curl", openssl: "openssl", git: "git", sha256sum: "coreutils" };

export interface SetUp {
  readonly executable: string;
  /** A folder in memory. */
  readonly scratch: string;
}

/**
 * Builds the executable unless one is given, and starts the services that the environment does not name; afterwards it
 * names them all. Throws with what to install when something is missing.
 */
export async function setUp(stack: AsyncDisposableStack, executable: string | undefined): Promise<SetUp> {
  for (const [program, name] of Object.entries(packages)) {
    if (Bun.which(program) === null) throw new Error(`${program} is not installed (Debian: apt-get install ${name})`);
  }
  // Requests to stores and stand-ins go where they are addressed to.
  for (const name of Object.keys(process.env)) if (/^(?:https?|all)_proxy$/i.test(name)) delete process.env[name];
  // What was started ends, and what was written goes, when this process exits; by itself a signal would skip that.
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => process.exit(1));
  const path = executable === undefined ? await buildExecutable() : resolve(executable);
  if (!existsSync(path)) throw new Error(`there is no ${path}`);
  await startServers(stack);
  const scratch = mkdtempSync(join(existsSync("/dev/shm") ? "/dev/shm" : tmpdir(), "flame-result-bench-"));
  process.on("exit", () => rmSync(scratch, { recursive: true, force: true }));
  return { executable: path, scratch };
}

async function buildExecutable(): Promise<string> {
  const build = Bun.spawn([process.execPath, "run", "build"], { cwd: root, stdout: "ignore", stderr: "inherit" });
  if ((await build.exited) !== 0) throw new Error("the build failed");
  return join(root, "dist", "flame-result");
}

async function startServers(stack: AsyncDisposableStack): Promise<void> {
  if (!process.env.TEST_POSTGRES_URL) {
    if (!postgresInstalled()) throw new Error("PostgreSQL is not installed (Debian: apt-get install postgresql)");
    const postgres = await startPostgres({ durable: true });
    stack.defer(postgres.stop);
    process.env.TEST_POSTGRES_URL = postgres.url;
  }
  if (!process.env.TEST_S3_ENDPOINT) {
    if (!cephInstalled()) throw new Error("Ceph is not installed (Debian: apt-get install radosgw ceph-mon ceph-osd)");
    const ceph = await startCeph();
    stack.defer(ceph.stop);
    process.env.TEST_S3_ENDPOINT = ceph.endpoint;
    process.env.TEST_S3_ACCESS_KEY = ceph.accessKey;
    process.env.TEST_S3_SECRET_KEY = ceph.secretKey;
  }
}
