import { existsSync } from "node:fs";

/** The Docker engine the environment names for tests; `undefined` if it names none. */
export const dockerHost: string | undefined = Bun.env.TEST_DOCKER_HOST;
/** Whether that engine cannot pull images, so that they are made of Debian packages under their usual names. */
export const imagesAreMade: boolean = Bun.env.TEST_DOCKER_IMAGES === "made";

/** The command line client, speaking to the engine under test. */
export interface Docker {
  /** Resolves with what it printed; throws with that when it fails. */
  run(args: readonly string[], env?: Record<string, string>): Promise<string>;
  hasImage(tag: string): Promise<boolean>;
  /** Feeds a command's output to it. */
  pipe(command: readonly string[], args: readonly string[]): Promise<string>;
  /** Runs a client other than docker, such as docker-compose, against the engine. */
  other(command: readonly string[], env?: Record<string, string>): Promise<string>;
}

/** Debian's client builds with BuildKit by itself; others need a plug-in that may be missing. */
const program = existsSync("/usr/bin/docker") ? "/usr/bin/docker" : "docker";

export function createDocker(host: string): Docker {
  const environment = {
    PATH: Bun.env.PATH ?? "/usr/bin:/bin",
    HOME: "/nonexistent",
    DOCKER_HOST: host,
    DOCKER_BUILDKIT: "1",
  };
  async function execute(command: readonly string[], env: Record<string, string> = {}, stdin?: ReadableStream) {
    const child = Bun.spawn([...command], {
      env: { ...environment, ...env },
      stdin: stdin ?? "ignore",
      stdout: "pipe",
      stderr: "pipe",
    });
    const [out, err, code] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
    if (code !== 0) throw new Error(`${command.join(" ")} ended with ${code}: ${(err + out).trim()}`);
    return out.trim();
  }
  return {
    run: (args, env) => execute([program, ...args], env),
    other: execute,
    hasImage: (tag) =>
      execute([program, "image", "inspect", tag]).then(
        () => true,
        () => false,
      ),
    async pipe(command, args) {
      const source = Bun.spawn([...command], { stdin: "ignore", stdout: "pipe", stderr: "inherit" });
      const printed = await execute([program, ...args], {}, source.stdout);
      if ((await source.exited) !== 0) throw new Error(`${command[0]} ended with ${source.exitCode}`);
      return printed;
    },
  };
}
