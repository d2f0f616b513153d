import { dirname } from "node:path";

/** A running service. */
export interface ServiceProcess {
  readonly url: string;
  readonly pid: number;
  /** Its log so far. */
  output(): string;
  isRunning(): boolean;
  /** Sends the signal; resolves with the exit code when the process has ended. */
  stop(signal: NodeJS.Signals): Promise<number>;
}

const started = /"event":"service\.started".*?"url":"(http:[^"]+)"|"url":"(http:[^"]+)".*?"event":"service\.started"/;

/** Starts the executable with nothing in its environment but what is given; resolves when it listens. */
export async function startServiceProcess(path: string, env: Record<string, string>): Promise<ServiceProcess> {
  // So that it does not outlive the test run, however that ends.
  const command = Bun.which("setpriv") === null ? [path] : ["setpriv", "--pdeathsig=KILL", "--", path];
  const child = Bun.spawn([...command, "serve"], {
    cwd: dirname(path),
    env: { PATH: "/usr/bin:/bin", ...env },
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
  });
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const pieces: string[] = [];
  let isListening = false;
  const collect = async (stream: ReadableStream<Uint8Array>) => {
    const decoder = new TextDecoder();
    for await (const chunk of stream) {
      pieces.push(decoder.decode(chunk, { stream: true }));
      const match = isListening ? null : started.exec(pieces.join(""));
      if (match === null) continue;
      isListening = true;
      resolve(match[1] ?? match[2] ?? "");
    }
  };
  const collected = Promise.all([collect(child.stdout), collect(child.stderr)]);
  void collected.then(() => reject(new Error(`it ended before it listened:\n${pieces.join("").slice(-5_000)}`)));
  return {
    url: await promise,
    pid: child.pid,
    output: () => pieces.join(""),
    isRunning: () => child.exitCode === null && child.signalCode === null,
    async stop(signal) {
      child.kill(signal);
      const code = await child.exited;
      await collected;
      return code;
    },
  };
}
