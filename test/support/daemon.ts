import { spawnSync } from "node:child_process";
import { chownSync, closeSync, mkdtempSync, openSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A user other than the one that runs the tests. */
export interface User {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
}

/** A server process that does not outlive the test run, with everything it forks. */
export interface Daemon {
  readonly exited: Promise<number>;
  isRunning(): boolean;
  /** To the process and all its descendants. */
  signal(name: "SIGSTOP" | "SIGCONT"): void;
  /** SIGKILL to the process and all its descendants; resolves when they are gone. */
  kill(): Promise<void>;
}

const PREFIX = "flame-result-test";

/** A server's own temporary folder. It is removed when this process exits; those of killed runs are removed here. */
export function createServerDir(kind: string, owner?: User): string {
  for (const name of readdirSync(tmpdir())) {
    const pid = new RegExp(`^${PREFIX}-${kind}-(\\d+)-`).exec(name)?.[1];
    if (pid !== undefined && !isAlive(Number(pid))) rmSync(join(tmpdir(), name), { recursive: true, force: true });
  }
  const dir = mkdtempSync(join(tmpdir(), `${PREFIX}-${kind}-${process.pid}-`));
  if (owner) chownSync(dir, owner.uid, owner.gid);
  process.on("exit", () => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

/** Removes what a process that has ended has left, when it could not do so itself. */
export function removeServerDirs(pid: number): void {
  const names = readdirSync(tmpdir()).filter((name) => new RegExp(`^${PREFIX}-[a-z]+-${pid}-`).test(name));
  for (const name of names) rmSync(join(tmpdir(), name), { recursive: true, force: true });
}

export function findUser(name: string): User | undefined {
  const id = (flag: string) => spawnSync("id", [flag, name], { encoding: "utf8" }).stdout.trim();
  return id("-u") === "" ? undefined : { name, uid: Number(id("-u")), gid: Number(id("-g")) };
}

/** The command line that runs a command as another user; needs root. */
export function asUser(user: User | undefined, command: readonly string[]): string[] {
  if (!user) return [...command];
  return ["setpriv", `--reuid=${user.uid}`, `--regid=${user.gid}`, "--init-groups", "--", ...command];
}

/** Runs a command to its end; throws with what it printed when it fails. */
export async function run(command: readonly string[]): Promise<string> {
  const child = Bun.spawn([...command], { stdin: "ignore", stdout: "pipe", stderr: "pipe", cwd: "/" });
  const [out, err, code] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
  if (code !== 0) throw new Error(`${command.join(" ")} ended with ${code}: ${(err + out).trim()}`);
  return out;
}

/** Starts a server in the foreground. The kernel kills it when this process dies, however that happens. */
export function startDaemon(command: readonly string[], logFile: string, user?: User): Daemon {
  const log = openSync(logFile, "a");
  // The kernel forgets the signal when the user changes, so it is set after that.
  const child = Bun.spawn(asUser(user, ["setpriv", "--pdeathsig=KILL", "--", ...command]), {
    stdin: "ignore",
    stdout: log,
    stderr: log,
    cwd: "/",
  });
  closeSync(log);
  child.unref();
  const killAll = () => {
    for (const pid of withDescendants(child.pid)) send(pid, "SIGKILL");
  };
  process.on("exit", killAll);
  child.exited.then(() => process.off("exit", killAll));

  return {
    exited: child.exited,
    isRunning: () => child.exitCode === null && child.signalCode === null,
    signal(name) {
      // From the root down, so that a stopped parent cannot fork meanwhile.
      for (const pid of withDescendants(child.pid)) send(pid, name);
    },
    async kill() {
      const pids = withDescendants(child.pid);
      for (const pid of pids) send(pid, "SIGKILL");
      await child.exited;
      await until(() => !pids.some(isAlive), "killed processes to go away");
    },
  };
}

function withDescendants(root: number): number[] {
  const children = new Map<number, number[]>();
  for (const name of readdirSync("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    const parent = parentOf(Number(name));
    if (parent !== undefined) children.set(parent, [...(children.get(parent) ?? []), Number(name)]);
  }
  const found = [root];
  for (const pid of found) found.push(...(children.get(pid) ?? []));
  return found;
}

function statOf(pid: number): { state: string; parent: number } | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    const [state = "", parent] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return { state, parent: Number(parent) };
  } catch {
    return undefined;
  }
}

const parentOf = (pid: number): number | undefined => statOf(pid)?.parent;

function isAlive(pid: number): boolean {
  const state = statOf(pid)?.state;
  return state !== undefined && state !== "Z" && state !== "X";
}

function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // Gone already.
  }
}

/** Waits for a condition; throws when it does not come about. */
export async function until(condition: () => boolean | Promise<boolean>, what: string, timeoutMs = 20_000) {
  const deadline = Date.now() + timeoutMs;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error(`waited ${timeoutMs} ms in vain for ${what}`);
    await Bun.sleep(25);
  }
}

/** A loopback port nobody listens on, below the range from which the kernel gives out ports of its own accord. */
export async function findFreePort(): Promise<number> {
  for (;;) {
    const port = 15_000 + Math.floor(Math.random() * 15_000);
    const server = createServer();
    const isFree = await new Promise<boolean>((resolve) => {
      server.once("error", () => resolve(false));
      server.listen({ port, host: "127.0.0.1", exclusive: true }, () => resolve(true));
    });
    if (isFree) {
      await new Promise((resolve) => server.close(resolve));
      return port;
    }
  }
}

/** Another process may take a port between its choice and its use, so starting is tried again on another one. */
export async function withRetries<T>(start: () => Promise<T>, attempts = 3): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await start();
    } catch (error) {
      if (attempt === attempts) throw error;
    }
  }
}
