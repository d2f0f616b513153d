import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connectRaw } from "../../support/raw-http.ts";
import { type Backend, type Client, startTestService, type TestService } from "../../support/service.ts";
import { recordFigures } from "../support/figures.ts";
import { sharedExecutable } from "../support/shared-executable.ts";
import { type Recorder, startTap } from "./recorder.ts";

/** The compiled service under attack, on storage, Hub and identity provider that the test holds. */
export interface Target {
  readonly world: TestService;
  readonly program: Program;
  /** What it was started with. */
  readonly environment: Record<string, string>;
  readonly url: string;
  readonly pid: number;
  /** Sees every request to the object store; `undefined` on embedded storage. */
  readonly storeTap: Recorder | undefined;
  /** What it has written to both outputs. */
  output(): string;
  /** Its log, line by line; throws when a line is no JSON. */
  logLines(): Record<string, unknown>[];
  /** A request with a client's token, unless it brings one. */
  fetch(as: Client, path: string, init?: RequestInit): Promise<Response>;
  /** A request as it stands, byte by byte (latin-1), with `Connection: close` in it; gives the answer, also a broken one. */
  raw(request: string): Promise<RawAnswer>;
  /** Ends it in good order, its world too; gives its exit code. */
  stop(): Promise<number>;
}

/** The executable, and an empty folder that it is run in. */
export interface Program {
  readonly path: string;
  readonly folder: string;
}

export interface RawAnswer {
  readonly status: number;
  /** Names in lower case, in order, repeated ones too. */
  readonly headers: readonly (readonly [string, string])[];
  readonly body: string;
}

export interface TargetOptions {
  readonly backend: Backend;
  readonly env?: Record<string, string>;
  /** Secrets that come by files instead: of each, the folder gets a file, and the setting with `_FILE` its path. */
  readonly secretsIn?: { readonly folder: string; readonly names: readonly string[] };
}

const listening = /\burl"?[:=]"?(http:\/\/[^\s"]+)/;
const startLimitMs = 60_000;

export async function startTarget({ backend, env = {}, secretsIn }: TargetOptions): Promise<Target> {
  const world = await startTestService({ backend, env });
  await world.shutDown();
  const storeTap = world.bucket === undefined ? undefined : await startTap(new URL(world.bucket.endpoint));
  const program = { path: await sharedExecutable(), folder: mkdtempSync(join(tmpdir(), "flame-result-attacked-")) };
  const given = {
    PATH: "/usr/bin:/bin",
    ...definedOnly(world.environment),
    ...(storeTap === undefined ? {} : { MINIO__ENDPOINT: `127.0.0.1:${storeTap.port}` }),
    ...env,
  };
  const environment = secretsIn === undefined ? given : withFiles(given, secretsIn);
  const child = await launch(program, environment);
  const { url } = child;
  return {
    world,
    program,
    environment,
    url,
    pid: child.pid,
    storeTap,
    output: child.output,
    logLines: () => parseLines(child.output()),
    async fetch(as, path, init = {}) {
      const headers = new Headers(init.headers);
      if (!headers.has("authorization")) headers.set("authorization", `Bearer ${await world.token(as)}`);
      return fetch(`${url}${path}`, { ...init, headers });
    },
    raw: (request) => sendRaw(url, request),
    async stop() {
      const code = await child.stop();
      rmSync(program.folder, { recursive: true, force: true });
      recordFigures(`attacks on ${backend} storage`, { requests: child.output().match(/http\.request/g)?.length ?? 0 });
      await storeTap?.stop();
      await world.stop();
      return code;
    },
  };
}

/** Runs a command to its end, and gives what it has written to both outputs. */
export async function runOnce({ path, folder }: Program, args: readonly string[], env: Record<string, string>) {
  const child = Bun.spawn([path, ...args], { cwd: folder, env, stdout: "pipe", stderr: "pipe" });
  const texts = await Promise.all([child.stdout.text(), child.stderr.text()]);
  return texts.join("");
}

/** Starts `serve`, perhaps by way of another command, and waits until it listens. */
export async function launch({ path, folder }: Program, env: Record<string, string>, wrapper: readonly string[] = []) {
  const child = Bun.spawn([...wrapper, path, "serve"], { cwd: folder, env, stdout: "pipe", stderr: "pipe" });
  let text = "";
  const { promise: ready, resolve, reject } = Promise.withResolvers<string>();
  const read = async (stream: ReadableStream<Uint8Array>) => {
    const decoder = new TextDecoder();
    for await (const chunk of stream) {
      text += decoder.decode(chunk, { stream: true });
      const url = listening.exec(text)?.[1];
      if (url !== undefined) resolve(url);
    }
  };
  const reading = Promise.all([read(child.stdout), read(child.stderr)]);
  void child.exited.then((code) => reject(new Error(`it ended with ${code} before it listened:\n${text}`)));
  const timer = setTimeout(() => reject(new Error(`it did not start:\n${text}`)), startLimitMs);
  const url = await ready.finally(() => clearTimeout(timer));
  return {
    url,
    pid: child.pid,
    output: () => text,
    async stop(signal: "SIGTERM" | "SIGKILL" | "SIGABRT" = "SIGTERM") {
      child.kill(signal);
      const code = await child.exited;
      await reading;
      return code;
    },
  };
}

function withFiles(env: Record<string, string>, { folder, names }: NonNullable<TargetOptions["secretsIn"]>) {
  const pairs = Object.entries(env).map(([name, value]): [string, string] => {
    if (!names.includes(name)) return [name, value];
    const path = join(folder, name);
    writeFileSync(path, `${value}\n`, { mode: 0o600 });
    return [`${name}_FILE`, path];
  });
  return Object.fromEntries(pairs);
}

export function definedOnly(values: Readonly<Record<string, string | undefined>>): Record<string, string> {
  const pairs = Object.entries(values).filter((pair): pair is [string, string] => pair[1] !== undefined);
  return Object.fromEntries(pairs);
}

function parseLines(output: string): Record<string, unknown>[] {
  // What the process says before its log is there is for people.
  const lines = output.split("\n").filter((line) => line !== "" && !line.startsWith("warning: "));
  return lines.map((line) => {
    const parsed: Record<string, unknown> = JSON.parse(line);
    return parsed;
  });
}

async function sendRaw(url: string, request: string): Promise<RawAnswer> {
  const connection = await connectRaw(url);
  await connection.send(Buffer.from(request, "latin1"));
  const text = await connection.until(never);
  connection.close();
  return parseResponse(text);
}

/** Matches nothing: waits until the connection is closed. */
const never = /(?!)/;
const headOf = (text: string) => text.slice(0, text.indexOf("\r\n\r\n") + 4);

function parseResponse(text: string): RawAnswer {
  const head = headOf(text);
  const [first = "", ...lines] = head.slice(0, -4).split("\r\n");
  const headers = lines.map((line) => {
    const colon = line.indexOf(":");
    return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()] as const;
  });
  return { status: Number(/^HTTP\/1\.1 (\d{3})/.exec(first)?.[1] ?? 0), headers, body: text.slice(head.length) };
}

/** Of a process, in MiB: memory in use now, and the most since the mark was reset. */
export function memoryOf(pid: number): { readonly rss: number; readonly peak: number } {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  const read = (name: string) => Number(new RegExp(`${name}:\\s+(\\d+) kB`).exec(status)?.[1]) / 1024;
  return { rss: read("VmRSS"), peak: read("VmHWM") };
}
