import { statSync } from "node:fs";
import { findFreePort } from "../../test/support/daemon.ts";
import type { Bench } from "../harness/bench.ts";
import { buildHello } from "../harness/hello.ts";
import { type Figures, mebibyte, ratioAtMost, summarize } from "../harness/measure.ts";
import { memoryOf } from "../harness/process.ts";
import { serviceEnvironment } from "../harness/service.ts";
import { openDataDir, openServers } from "../harness/stage.ts";
import { startWorld } from "../harness/world.ts";

const settledMs = 1_500;

interface Start {
  /** Until the first 200, in ms. */
  readonly ms: number;
  /** A moment later, in MiB. */
  readonly memory: number;
}

async function start(command: readonly string[], env: Record<string, string>, url: string): Promise<Start> {
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
    return { ms, memory: memoryOf(child.pid) };
  } finally {
    child.kill("SIGTERM");
    await child.exited;
  }
}

interface Candidate {
  readonly command: readonly string[];
  readonly env: Record<string, string>;
  readonly url: string;
}

/** All candidates in turns; each starts with its files in the page cache, for it has been started once before. */
async function startInTurns(candidates: readonly Candidate[], times: number): Promise<readonly Start[][]> {
  const starts = candidates.map((): Start[] => []);
  for (let round = -1; round < times; round++) {
    for (const [index, { command, env, url }] of candidates.entries()) {
      const measured = await start(command, env, url);
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
  const candidates = [bare, serve({ DATA_DIR: dataDir }), serve(servers.env)];
  const [limit = [], embedded = [], onServers = []] = await startInTurns(candidates, bench.quick ? 3 : 10);

  const figures = (list: readonly Start[], of: keyof Start): Figures => summarize(list.map((one) => one[of]));
  const common = { group: "start", against: "a compiled Bun.serve that says hello" };
  for (const [what, list] of [
    ["embedded", embedded],
    ["S3 and PostgreSQL", onServers],
  ] as const) {
    const ms = { service: figures(list, "ms"), limit: figures(limit, "ms") };
    bench.add({ ...common, work: `start to the first 200, ${what}`, unit: "ms", ...ms, goal: ratioAtMost(1.6) });
  }
  for (const [what, list] of [
    ["embedded", embedded],
    ["S3 and PostgreSQL", onServers],
  ] as const) {
    const memory = { service: figures(list, "memory"), limit: figures(limit, "memory") };
    bench.add({ ...common, work: `resident memory, idle, ${what}`, unit: "MiB", ...memory, goal: ratioAtMost(2) });
  }
  const size = (file: string): Figures => summarize([statSync(file).size / mebibyte]);
  const sizes = { service: size(bench.executable), limit: size(hello) };
  bench.add({ ...common, work: "size of the executable", unit: "MiB", ...sizes, goal: ratioAtMost(1.2) });
}
