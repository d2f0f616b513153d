import { existsSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { createServerDir, run, startDaemon, until, withRetries } from "./daemon.ts";

/** A throw-away Docker engine with no images and none to pull. */
export interface DockerEngine {
  /** For `DOCKER_HOST`. */
  readonly host: string;
  /** Ends it with all its containers, and removes its data. */
  stop(): Promise<void>;
}

const PROGRAMS = ["docker", "dockerd", "iptables", "unshare", "setpriv"];
const searched = { PATH: `${process.env.PATH}:/usr/sbin:/sbin` };
const SYSTEM_SOCKET = "/var/run/docker.sock";

/** Whether an engine can be started here: as root, and beside no other, with which it would share firewall rules. */
export const dockerInstalled = (): boolean =>
  process.getuid?.() === 0 &&
  !existsSync(SYSTEM_SOCKET) &&
  PROGRAMS.every((program) => Bun.which(program, searched) !== null);

/** Engines that start at the same moment, of several test runs, stumble over each other's firewall rules: the next try finds them. */
export function startDockerEngine(): Promise<DockerEngine> {
  let tries = 0;
  return withRetries(async () => {
    if (tries > 0) await Bun.sleep(tries * 1_000 + Math.random() * 3_000);
    tries += 1;
    return startOnce();
  }, 5);
}

async function startOnce(): Promise<DockerEngine> {
  const dir = createServerDir("docker");
  const path = (name: string) => join(dir, name);
  const host = `unix://${path("docker.sock")}`;
  const places = ["--data-root", path("data"), "--exec-root", path("exec"), "-p", path("pid"), "-H", host];
  // In namespaces of its own, so that killing it ends every container and unmounts every file system with it.
  const contained = ["unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"];
  const program = Bun.which("dockerd", searched) ?? "dockerd";
  const daemon = startDaemon([...contained, program, ...places], path("output.log"));
  const stop = async () => {
    await daemon.kill();
    rmSync(dir, { recursive: true, force: true });
  };
  try {
    await until(
      async () => {
        if (!daemon.isRunning()) throw new Error(`it ended: ${readFileSync(path("output.log"), "utf8").slice(-2000)}`);
        return run(["docker", "-H", host, "version"]).then(
          () => true,
          () => false,
        );
      },
      "the Docker engine",
      30_000,
    );
    return { host, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}
