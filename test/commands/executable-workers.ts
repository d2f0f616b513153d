import { afterAll, afterEach, beforeAll, expect } from "bun:test";
import { readFileSync } from "node:fs";
import { buildExecutable, type Executable, type RunningExecutable } from "../support/executable.ts";
import { startTestService, type TestService } from "../support/service.ts";

export const started = /"url":"(http:[^"]+)".*"event":"service.started"/;
/** For what takes a moment on an idle machine. */
export const patienceMs = 30_000;

interface Line {
  readonly event: string;
  readonly worker?: number;
  readonly pid?: number;
  readonly error?: string;
  readonly startedAgainInMs?: number;
}

export function linesOf(text: string): Line[] {
  return text
    .split("\n")
    .filter((line) => line.startsWith("{") && line.endsWith("}"))
    .map((line) => JSON.parse(line));
}
export const eventsOf = (text: string, event: string) => linesOf(text).filter((line) => line.event === event);

export function isRunning(pid: number): boolean {
  try {
    // Of one that has ended and that nobody has asked about yet, this is empty.
    return readFileSync(`/proc/${pid}/cmdline`, "utf8") !== "";
  } catch {
    return false;
  }
}

/** Each on a connection of its own, so that every worker gets some. */
export const fetchOnce = (url: string, init: RequestInit = {}) =>
  fetch(url, { ...init, keepalive: false, signal: AbortSignal.timeout(3_000) });

export const refuses = (url: string) => expect(fetchOnce(`${url}/healthz`)).rejects.toThrow();

/** The executable, made before the tests around this, and what they start of it, ended behind each of them. */
export function useWorkers() {
  let executable: Executable;
  let world: TestService;
  let authorization: string;
  const running: RunningExecutable[] = [];

  beforeAll(async () => {
    executable = await buildExecutable();
    world = await startTestService({ backend: "servers" });
    await world.shutDown();
    authorization = `Bearer ${await world.token("1")}`;
  }, 60_000);
  afterEach(async () => {
    const services = running.splice(0);
    await Promise.all(services.map((service) => service.stop("SIGTERM")));
    // Where a test has failed, they may have outlived their parent.
    for (const { pid = 0 } of services.flatMap((service) => eventsOf(service.output(), "worker.started"))) {
      if (isRunning(pid)) process.kill(pid, "SIGKILL");
    }
  });
  afterAll(async () => {
    await world.stop();
    await executable.remove();
  });

  const environment = (env: Record<string, string> = {}): Record<string, string> => {
    const few = { SERVER__WORKERS: "2", POSTGRES__MAX_CONNECTIONS: "4" };
    return { ...(world.environment as Record<string, string>), ...few, ...env };
  };
  async function start(env: Record<string, string> = {}, ready = started) {
    const service = await executable.start(["serve"], ready, environment(env));
    running.push(service);
    const pids = () => eventsOf(service.output(), "worker.started").map(({ pid }) => pid ?? 0);
    return { service, url: service.match[1] ?? "", pids };
  }
  return {
    environment,
    start,
    get executable() {
      return executable;
    },
    get world() {
      return world;
    },
    get authorization() {
      return authorization;
    },
  };
}
