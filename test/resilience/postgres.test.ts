import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { SQL } from "bun";
import { until } from "../support/daemon.ts";
import { eventually } from "../support/eventually.ts";
import type { PostgresServer } from "../support/postgres-server.ts";
import { type CommitFaults, startCommitFaults } from "./support/commit-faults.ts";
import { createLedger } from "./support/ledger.ts";
import { createProbes, type Probes } from "./support/probes.ts";
import { createUnderLoad, type UnderLoad } from "./support/under-load.ts";
import { canStartWorld, type ResilienceWorld, startResilienceWorld } from "./support/world.ts";

const away = "503 The database is not available";
/** What a request may take whose work in the database is given up after 5 + 15 s, on a busy machine. */
const limitMs = 25_000;
const options = { storage: "servers", ownServers: true, name: "PostgreSQL breaks" } as const;

describe.skipIf(!canStartWorld(options))("when PostgreSQL breaks under load", () => {
  let world: ResilienceWorld;
  let server: PostgresServer;
  let commits: CommitFaults;
  let probes: Probes;
  let underLoad: UnderLoad;

  beforeAll(async () => {
    world = await startResilienceWorld(options);
    if (world.postgres === undefined) throw new Error("a world without its own PostgreSQL");
    server = world.postgres;
    commits = await startCommitFaults({ port: world.databaseLine.port });
    await world.service.stop("SIGTERM");
    await asAdmin(giveToRole);
    Object.assign(world.env, { POSTGRES__USER: role, POSTGRES__PORT: String(server.port) });
    await world.startService();
    const ledger = createLedger();
    probes = await createProbes(world, ledger);
    underLoad = createUnderLoad(world, { seed: 20_000, ledger, maxBytes: 2 ** 20 });
  }, 120_000);
  afterAll(async () => {
    await commits?.stop();
    await world?.stop();
  });

  /** Work as a user whom no limit holds back. */
  async function asAdmin<T>(work: (sql: SQL) => Promise<T>): Promise<T> {
    const url = new URL(server.url);
    url.pathname = `/${world.surroundings.environment.POSTGRES__DB}`;
    const sql = new SQL(url.href, { max: 1, connection: { default_transaction_read_only: "off" } });
    return work(sql).finally(() => sql.close());
  }

  /** What works, and how the rest fails, while there is no database. */
  async function expectAway(): Promise<void> {
    await eventually(async () => expect(await probes.readiness()).toBe("database"), 20_000);
    const needy = (["list tags", "put tagged", "put final", "delete"] as const).map((one) => probes.ask(one, limitMs));
    expect(await probes.health()).toBe("200");
    expect(await probes.readStored()).toBe("200 whole");
    expect(await probes.ask("put untagged", limitMs)).toBe("200");
    expect(await probes.ask("put intermediate", limitMs)).toBe("200");
    expect(await Promise.all(needy)).toEqual([away, away, away, away]);
  }

  test("a server that stops, in an orderly way and by a crash, is a 503 for what needs it; it is found again", async () => {
    await underLoad({ statuses: [503] }, async () => {
      const [{ data_directory = "" } = {}] = await asAdmin((sql) => sql`show data_directory`);
      const postmaster = Number(readFileSync(join(data_directory, "postmaster.pid"), "utf8").split("\n")[0]);
      process.kill(postmaster, "SIGINT");
      await until(() => !isRunning(postmaster), "PostgreSQL to stop");
      await expectAway();
      await server.restart();
      await eventually(async () => expect(await probes.readiness()).toBe("ready"), 20_000);
      world.figures.faults += 1;
      await server.kill();
      await expectAway();
      await server.restart();
    });
  }, 120_000);

  test("a server without a connection to spare is a 503; with fewer than the service would like, it serves", async () => {
    await underLoad({ statuses: [503] }, async () => {
      await asAdmin((sql) => limitConnections(sql, 0));
      await expectAway();
      world.figures.faults += 1;
      await asAdmin((sql) => limitConnections(sql, 5));
      await eventually(async () => expect(await probes.ask("put tagged", limitMs)).toBe("200"), 20_000);
      await Bun.sleep(1_000);
      await asAdmin((sql) => limitConnections(sql, -1));
    });
  }, 120_000);

  test("a server that only reads is a 503 for what writes, and goes on being read", async () => {
    await underLoad({ statuses: [503] }, async () => {
      await asAdmin((sql) => setReadOnly(sql, true));
      await eventually(async () => expect(await probes.ask("put tagged", limitMs)).toBe(away));
      expect(await probes.ask("put final", limitMs)).toBe(away);
      expect(await probes.ask("delete", limitMs)).toBe(away);
      expect(await probes.ask("list tags", limitMs)).toBe("200");
      expect(await probes.readStored()).toBe("200 whole");
      await asAdmin((sql) => setReadOnly(sql, false));
      await eventually(async () => expect(await probes.ask("put tagged", limitMs)).toBe("200"));
    });
  }, 120_000);

  /** For what only a relay can do; without one, a server that is gone refuses connections at once. */
  async function useRelay(): Promise<void> {
    if (world.env.POSTGRES__PORT === String(commits.port)) return;
    world.env.POSTGRES__PORT = String(commits.port);
    await world.service.stop("SIGTERM");
    await world.startService();
  }

  test("a server that is frozen for longer than any statement may take is a 503 in time, and nothing is half done", async () => {
    await useRelay();
    await underLoad({ statuses: [503] }, async () => {
      // Statements that decide whether a file has its tag reach a server that no longer runs.
      commits.fail("delay", 4);
      await until(() => commits.delayed === 4, "four statements to be on their way");
      server.freeze();
      commits.release();
      world.figures.faults += 4;
      await expectAway();
      server.thaw();
    });
  }, 120_000);

  test("connections lost at the moment of commit, before and after it, leave all or nothing", async () => {
    await useRelay();
    await underLoad({ statuses: [503] }, async () => {
      for (const fault of ["cut before", "cut after", "cut before", "cut after"] as const) {
        const before = commits.injected;
        commits.fail(fault, 12);
        await until(() => commits.injected === before + 12, `commits to be ${fault}`, 30_000);
      }
      world.figures.faults += commits.injected;
      for (let cuts = 0; cuts < 20; cuts++) {
        await Bun.sleep(20 + (cuts % 5) * 20);
        world.databaseLine.cut();
        world.figures.faults += 1;
      }
    });
  }, 120_000);
});

/** Limits bind ordinary users only, so the service becomes one. */
const role = "node";

async function giveToRole(sql: SQL): Promise<void> {
  await sql.unsafe(`create role ${role} login`);
  await sql.unsafe(`alter schema public owner to ${role}`);
  const tables: { name: string }[] = await sql`select tablename as name from pg_tables where schemaname = 'public'`;
  for (const { name } of tables) await sql.unsafe(`alter table "${name}" owner to ${role}`);
}

/** The connections that are open already are ended. */
async function limitConnections(sql: SQL, limit: number): Promise<void> {
  await sql.unsafe(`alter role ${role} connection limit ${limit}`);
  if (limit >= 0) await sql`select pg_terminate_backend(pid) from pg_stat_activity where usename = ${role}`;
}

async function setReadOnly(sql: SQL, isReadOnly: boolean): Promise<void> {
  await sql.unsafe(`alter system set default_transaction_read_only = ${isReadOnly ? "on" : "off"}`);
  await sql`select pg_reload_conf()`;
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
