import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** The service compiled as it is shipped, in a folder of its own. */
export interface Executable {
  readonly path: string;
  readonly folder: string;
  /** Runs it to its end in the folder, with nothing in the environment but what is given. */
  run(args: readonly string[], env?: Record<string, string>): Promise<{ code: number; out: string; err: string }>;
  /** Starts it and waits until its output matches. */
  start(args: readonly string[], ready: RegExp, env?: Record<string, string>): Promise<RunningExecutable>;
  remove(): Promise<void>;
}

export interface RunningExecutable {
  /** What the pattern has found. */
  readonly match: RegExpExecArray;
  readonly pid: number;
  output(): string;
  /** All that it wrote on both ways out, once they are closed. */
  readonly written: Promise<string>;
  /** Sends the signal; resolves with the exit code. */
  stop(signal: "SIGTERM" | "SIGINT" | "SIGKILL"): Promise<number>;
}

export async function buildExecutable(): Promise<Executable> {
  const folder = await mkdtemp(join(tmpdir(), "flame-result-executable-"));
  const path = join(folder, "flame-result");
  const build = Bun.spawnSync([process.execPath, "run", "build", "--outfile", path], {
    stderr: "pipe",
    stdout: "pipe",
  });
  if (build.exitCode !== 0) throw new Error(`the build failed:\n${build.stderr}${build.stdout}`);
  const environment = (env: Record<string, string>) => ({ PATH: "/usr/bin:/bin", ...env });
  const running = new Set<Bun.Subprocess>();

  return {
    path,
    folder,
    async run(args, env = {}) {
      const child = Bun.spawn([path, ...args], { cwd: folder, env: environment(env), stdout: "pipe", stderr: "pipe" });
      const [out, err, code] = await Promise.all([
        new Response(child.stdout).text(),
        new Response(child.stderr).text(),
        child.exited,
      ]);
      return { code, out, err };
    },
    async start(args, ready, env = {}) {
      const child = Bun.spawn([path, ...args], {
        cwd: folder,
        env: environment(env),
        stdout: "pipe",
        stderr: "pipe",
      });
      running.add(child);
      const { promise, resolve, reject } = Promise.withResolvers<RegExpExecArray>();
      let text = "";
      const decoder = new TextDecoder();
      const problems = (async () => {
        let written = "";
        const decoder = new TextDecoder();
        for await (const chunk of child.stderr) {
          process.stderr.write(chunk);
          written += decoder.decode(chunk, { stream: true });
        }
        return written;
      })();
      const ended = (async () => {
        for await (const chunk of child.stdout) {
          text += decoder.decode(chunk, { stream: true });
          const match = ready.exec(text);
          if (match !== null) resolve(match);
        }
        reject(new Error(`it ended before it was ready:\n${text}`));
      })();
      return {
        match: await promise,
        pid: child.pid,
        output: () => text,
        written: Promise.all([problems, ended]).then(([written]) => text + written),
        async stop(signal) {
          child.kill(signal);
          running.delete(child);
          return child.exited;
        },
      };
    },
    async remove() {
      for (const child of running) child.kill("SIGKILL");
      await rm(folder, { recursive: true, force: true });
    },
  };
}
