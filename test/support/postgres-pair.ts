import { rmSync } from "node:fs";
import { join } from "node:path";
import { SQL } from "bun";
import { asUser, createServerDir, findFreePort, findUser, run } from "./daemon.ts";
import { findPrograms, launchPostgres } from "./postgres-server.ts";
import { startRelay } from "./relay.ts";

/** Two PostgreSQL servers, one of which follows the other, behind one address. */
export interface PostgresPair {
  /** The one address; leads to the first server until `moveAddress`. */
  readonly url: string;
  /** The first server takes no writes any more, also on connections that are open; what it has committed the other one has. */
  demote(): Promise<void>;
  /** New connections lead to the other server; open ones stay where they are. */
  moveAddress(): void;
  /** The other server takes writes. */
  promote(): Promise<void>;
  killFirst(): Promise<void>;
  stop(): Promise<void>;
}

export async function startPostgresPair(): Promise<PostgresPair> {
  const bin = findPrograms();
  if (bin === undefined) throw new Error("PostgreSQL is not installed (Debian: postgresql)");
  const user = process.getuid?.() === 0 ? (findUser("postgres") ?? findUser("nobody")) : undefined;
  const dir = createServerDir("pair", user);
  const folders = ["first", "second"].map((name) => join(dir, name));
  for (const folder of folders) await run(asUser(user, ["mkdir", folder]));
  const [first = "", second = ""] = folders;
  const ports = [await findFreePort(), await findFreePort()] as const;
  const asServer = (name: string, ...flags: string[]) => run(asUser(user, [join(bin, name), ...flags]));

  await asServer("initdb", "-D", join(first, "data"), "-U", "postgres", "-A", "trust", "--locale=C.UTF-8", "--no-sync");
  const primary = await launchPostgres(bin, user, first, ports[0], false);
  const source = ["-h", "127.0.0.1", "-p", String(ports[0]), "-U", "postgres"];
  await asServer(
    "pg_basebackup",
    ...source,
    "-D",
    join(second, "data"),
    "-R",
    "-X",
    "stream",
    "-c",
    "fast",
    "--no-sync",
  );
  const standby = await launchPostgres(bin, user, second, ports[1], false);
  // Only what the other one has too is acknowledged: nothing of it may be lost.
  await execute(ports[0], "alter system set synchronous_standby_names = '*'");
  await execute(ports[0], "select pg_reload_conf()");

  const target = { port: ports[0] as number };
  const relay = await startRelay(target);
  return {
    url: `postgres://postgres@127.0.0.1:${relay.port}/postgres`,
    async demote() {
      await execute(ports[0], "alter system set default_transaction_read_only = on");
      await execute(ports[0], "select pg_reload_conf()");
    },
    moveAddress() {
      target.port = ports[1];
    },
    async promote() {
      await execute(ports[1], "select pg_promote()");
    },
    killFirst: () => primary.kill(),
    async stop() {
      await relay.stop();
      await Promise.all([primary.kill(), standby.kill()]);
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

async function execute(port: number, statement: string): Promise<void> {
  const sql = new SQL(`postgres://postgres@127.0.0.1:${port}/postgres`, { max: 1 });
  await sql.unsafe(statement).finally(() => sql.close());
}
