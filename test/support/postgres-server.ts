import { existsSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import {
  asUser,
  createServerDir,
  type Daemon,
  findFreePort,
  findUser,
  run,
  startDaemon,
  type User,
  until,
  withRetries,
} from "./daemon.ts";

/** A throw-away PostgreSQL on loopback: user `postgres`, no password. */
export interface PostgresServer {
  readonly url: string;
  readonly port: number;
  /** Starts it again on the same port and data, after killing it if need be. */
  restart(): Promise<void>;
  /** As a crash of the server: nobody is told. What was committed stays, for the machine itself does not crash. */
  kill(): Promise<void>;
  /** Stops every process of the server from running: connections stay open, nothing is answered. */
  freeze(): void;
  thaw(): void;
  /** Ends it and removes its data. */
  stop(): Promise<void>;
}

const VERSIONS = "/usr/lib/postgresql";

/** Debian keeps each version's programs in a folder of its own; the newest complete one is used. */
export function findPrograms(): string | undefined {
  if (!existsSync(VERSIONS) || !Bun.which("setpriv")) return undefined;
  return readdirSync(VERSIONS)
    .toSorted((a, b) => Number(b) - Number(a))
    .map((version) => join(VERSIONS, version, "bin"))
    .find((bin) => existsSync(join(bin, "initdb")) && existsSync(join(bin, "postgres")));
}

export const postgresInstalled = (): boolean => findPrograms() !== undefined;

/** `durable` waits for the disk at every commit, as in production; slower, for measurements. */
export function startPostgres({ durable = false } = {}): Promise<PostgresServer> {
  return withRetries(() => start(durable));
}

async function start(durable: boolean): Promise<PostgresServer> {
  const bin = findPrograms();
  if (bin === undefined) throw new Error("PostgreSQL is not installed (Debian: postgresql)");
  // PostgreSQL refuses to run as root.
  const user = process.getuid?.() === 0 ? (findUser("postgres") ?? findUser("nobody")) : undefined;
  const dir = createServerDir("postgres", user);
  const port = await findFreePort();
  const initdb = [join(bin, "initdb"), "-D", join(dir, "data"), "-U", "postgres", "-A", "trust", "-E", "UTF8"];
  await run(asUser(user, [...initdb, "--locale=C.UTF-8", "--no-sync"]));

  const launch = () => launchPostgres(bin, user, dir, port, durable);
  let daemon = await launch();
  const kill = () => daemon.kill();
  return {
    url: `postgres://postgres@127.0.0.1:${port}/postgres`,
    port,
    kill,
    async restart() {
      await kill();
      daemon = await launch();
    },
    freeze: () => daemon.signal("SIGSTOP"),
    thaw: () => daemon.signal("SIGCONT"),
    async stop() {
      await kill();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

export async function launchPostgres(
  bin: string,
  user: User | undefined,
  dir: string,
  port: number,
  durable: boolean,
  more: Readonly<Record<string, string>> = {},
): Promise<Daemon> {
  const options = {
    port,
    listen_addresses: "127.0.0.1",
    unix_socket_directories: "",
    max_connections: 200,
    fsync: durable ? "on" : "off",
    full_page_writes: durable ? "on" : "off",
    ...more,
  };
  const flags = Object.entries(options).flatMap(([name, value]) => ["-c", `${name}=${value}`]);
  const log = join(dir, "log");
  const daemon = startDaemon([join(bin, "postgres"), "-D", join(dir, "data"), ...flags], log, user);
  const isReady = async () => {
    if (!daemon.isRunning()) throw new Error(`PostgreSQL did not start:\n${readFileSync(log, "utf8").slice(-2000)}`);
    return run([join(bin, "pg_isready"), "-q", "-h", "127.0.0.1", "-p", String(port)]).then(
      () => true,
      () => false,
    );
  };
  await until(isReady, "PostgreSQL to answer").catch(async (error) => {
    await daemon.kill();
    throw error;
  });
  return daemon;
}
