import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { SQL } from "bun";
import { createServerDir, findFreePort, findUser, startDaemon, until, withRetries } from "./daemon.ts";

/** A throw-away pgbouncer on loopback in front of a PostgreSQL, as Debian installs it but for its addresses. */
export interface PgbouncerServer {
  readonly port: number;
  stop(): Promise<void>;
}

export interface PgbouncerOptions {
  readonly postgresPort: number;
  readonly mode: "session" | "transaction";
  /** Further lines of the configuration. */
  readonly extra?: readonly string[];
}

const findProgram = (): string | null => Bun.which("pgbouncer", { PATH: `${Bun.env.PATH}:/usr/sbin` });

export const pgbouncerInstalled = (): boolean => findProgram() !== null && Bun.which("setpriv") !== null;

export function startPgbouncer(options: PgbouncerOptions): Promise<PgbouncerServer> {
  return withRetries(() => start(options));
}

async function start({ postgresPort, mode, extra = [] }: PgbouncerOptions): Promise<PgbouncerServer> {
  const program = findProgram();
  if (program === null) throw new Error("pgbouncer is not installed (Debian: pgbouncer)");
  // It refuses to run as root.
  const user = process.getuid?.() === 0 ? (findUser("postgres") ?? findUser("nobody")) : undefined;
  const dir = createServerDir("pgbouncer", user);
  const port = await findFreePort();
  const lines = [
    "[databases]",
    // Whoever comes by `auth_type = any` is this user at the server.
    `* = host=127.0.0.1 port=${postgresPort} user=postgres`,
    "[pgbouncer]",
    "listen_addr = 127.0.0.1",
    `listen_port = ${port}`,
    "unix_socket_dir =",
    "auth_type = any",
    `pool_mode = ${mode}`,
    "max_client_conn = 200",
    ...extra,
  ];
  writeFileSync(join(dir, "pgbouncer.ini"), `${lines.join("\n")}\n`, { mode: 0o644 });
  const daemon = startDaemon([program, join(dir, "pgbouncer.ini")], join(dir, "log"), user);
  const answers = async () => {
    if (!daemon.isRunning()) throw new Error(`pgbouncer did not start; see ${dir}/log`);
    const client = new SQL(`postgres://postgres@127.0.0.1:${port}/postgres`, { max: 1, prepare: false });
    return client`select 1`
      .then(
        () => true,
        () => false,
      )
      .finally(() => client.close());
  };
  await until(answers, "pgbouncer to answer").catch(async (error) => {
    await daemon.kill();
    throw error;
  });
  return { port, stop: () => daemon.kill() };
}
