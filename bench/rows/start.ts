import { statSync } from "node:fs";
import { SQL } from "bun";
import { findFreePort } from "../../test/support/daemon.ts";
import type { Bench } from "../harness/bench.ts";
import { buildHello } from "../harness/hello.ts";
import { type Figures, figureAtMost, mebibyte, ratioAtMost, summarize } from "../harness/measure.ts";
import { memoryOf } from "../harness/process.ts";
import { serviceEnvironment } from "../harness/service.ts";
import { openDataDir, openServers } from "../harness/stage.ts";
import { startWorld } from "../harness/world.ts";

const settledMs = 1_500;

export interface Start {
  /** Until the first 200, in ms. */
  readonly ms: number;
  /** A moment later, in MiB. */
  readonly memory: number;
  /** Those to the database at that moment. */
  readonly connections: number;
}

export interface Candidate {
  readonly command: readonly string[];
  readonly env: Record<string, string>;
  readonly url: string;
  readonly countConnections?: () => Promise<number>;
}

async function start({ command, env, url, countConnections = async () => 0 }: Candidate): Promise<Start> {
  const startedAt = performance.now();
  const child = Bun.spawn([...command], { env, stdio: ["ignore", "ignore", "inherit"] });
  try {
    for (;;) {
      const isUp = await fetch(url).then(
        (response) => response.ok,
        () => false,
      );
      if (isUp) break;
      if (child.exitCode !== null) throw new Error(`${command[0]} ended`);
      await Bun.sleep(1);
    }
    const ms = performance.now() - startedAt;
    await Bun.sleep(settledMs);
    return { ms, memory: memoryOf(child.pid), connections: await countConnections() };
  } finally {
    child.kill("SIGTERM");
    await child.exited;
  }
}

/** All candidates in turns; each starts with its files in the page cache, for it has been started once before. */
export async function startInTurns(candidates: readonly Candidate[], times: number): Promise<readonly Start[][]> {
  const starts = candidates.map((): Start[] => []);
  for (let round = -1; round < times; round++) {
    for (const [index, candidate] of candidates.entries()) {
      const measured = await start(candidate);
      if (round >= 0) starts[index]?.push(measured);
    }
  }
  return starts;
}

export async function starts(bench: Bench): Promise<void> {
  await using stack = new AsyncDisposableStack();
  const world = await startWorld(bench.scratch);
  stack.defer(world.stop);
  const hello = await buildHello(bench.scratch);
  const port = String(await findFreePort());
  const origin = `http://127.0.0.1:${port}`;
  const command = [bench.executable, "serve"];
  const serve = (env: Record<string, string>): Candidate => {
    const full = { ...serviceEnvironment(world, env), SERVER__PORT: port };
    return { command, env: full, url: `${origin}/healthz` };
  };
  const bare = { command: [hello], env: { PORT: port }, url: `${origin}/` };
  const dataDir = openDataDir(stack);
  const servers = await openServers(stack);
  const watcher = new SQL({ ...connectionOf(servers.env), max: 1 });
  stack.defer(() => watcher.close());
  const countConnections = async () => {
    const [row] = await watcher`select count(*)::int as count from pg_stat_activity
      where datname = current_database() and pid <> pg_backend_pid()`;
    return row.count;
  };
  const candidates = [bare, serve({ DATA_DIR: dataDir }), { ...serve(servers.env), countConnections }];
  const [limit = [], embedded = [], onServers = []] = await startInTurns(candidates, bench.quick ? 3 : 10);

  const figures = (list: readonly Start[], of: keyof Start): Figures => summarize(list.map((one) => one[of]));
  const common = { group: "start", against: "a compiled Bun.serve that says hello" };
  for (const [what, list, goalMs] of [
    ["embedded", embedded, 60],
    ["S3 and PostgreSQL", onServers, 90],
  ] as const) {
    const ms = { service: figures(list, "ms"), limit: figures(limit, "ms") };
    bench.add({ ...common, work: `start to the first 200, ${what}`, unit: "ms", ...ms, goal: figureAtMost(goalMs) });
    const memory = { service: figures(list, "memory"), limit: figures(limit, "memory") };
    bench.add({ ...common, work: `resident memory, idle, ${what}`, unit: "MiB", ...memory, goal: figureAtMost(60) });
  }
  const connections = figures(onServers, "connections");
  bench.add({
    group: "start",
    work: "PostgreSQL connections, idle",
    unit: "",
    service: connections,
    goal: figureAtMost(2),
  });
  const size = (file: string): Figures => summarize([statSync(file).size / mebibyte]);
  const sizes = { service: size(bench.executable), limit: size(hello) };
  bench.add({ ...common, work: "size of the executable", unit: "MiB", ...sizes, goal: ratioAtMost(1.2) });
}

function connectionOf(env: Record<string, string>) {
  const { POSTGRES__HOST: hostname, POSTGRES__PORT: port, POSTGRES__USER: username } = env;
  const [password, database] = [env.POSTGRES__PASSWORD, env.POSTGRES__DB];
  return { adapter: "postgres", hostname, port: Number(port), username, password, database } as SQL.Options;
}
