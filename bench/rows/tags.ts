import { Database } from "bun:sqlite";
import { join } from "node:path";
import type { SQL } from "bun";
import type { Bench } from "../harness/bench.ts";
import { load } from "../harness/load.ts";
import { type Goal, inTurns, perThousand, ratioAtLeast } from "../harness/measure.ts";
import { bearer, getRequest } from "../harness/requests.ts";
import { openStage, type Stage, type StorageKind } from "../harness/stage.ts";

/** The catalog of one kind of storage, for filling it and for asking it without the service. */
interface Catalog {
  execute(statement: string): Promise<unknown>;
  listTags(projectId: string): Promise<readonly unknown[]>;
  listTagged(projectId: string, tagName: string): Promise<readonly unknown[]>;
}

const titles: Readonly<Record<StorageKind, string>> = { servers: "PostgreSQL", embedded: "SQLite" };

export async function tags(bench: Bench): Promise<void> {
  for (const storage of ["servers", "embedded"] as const) {
    await using stack = new AsyncDisposableStack();
    const stage = await openStage(bench, stack, { storage });
    const catalog = stage.servers ? postgresCatalog(stage.servers.sql) : sqliteCatalog(stage.dataDir ?? "", stack);
    const largest = bench.quick ? 10_000 : 100_000;
    const goal = storage === "servers" ? ratioAtLeast(0.7) : undefined;
    const shortGoal = goal && ratioAtLeast(0.4);
    await measureTags(bench, { stage, catalog, storage, goal: shortGoal }, 10);
    for (const count of [1_000, largest]) await measureTags(bench, { stage, catalog, storage, goal }, count);
    await measureTag(bench, { stage, catalog, storage, goal }, largest);
  }
}

interface Part {
  readonly stage: Stage;
  readonly catalog: Catalog;
  readonly storage: StorageKind;
  readonly goal: Goal | undefined;
}

async function measureTags(bench: Bench, part: Part, count: number): Promise<void> {
  const { stage, catalog } = part;
  const { projectId, analysisId } = await stage.world.controls.addAnalysis();
  await catalog.execute(`insert into tag (tag_name, project_id)
    select 'tag-' || n, '${projectId}' from ${numbers(part.storage, count)}`);
  const work = `GET /local/tags with ${count.toLocaleString("en-US")} tags`;
  await measure(bench, part, {
    work,
    path: "/local/tags",
    analysisId,
    count,
    query: () => catalog.listTags(projectId),
  });
}

async function measureTag(bench: Bench, part: Part, count: number): Promise<void> {
  const { stage, catalog, storage } = part;
  const { projectId, analysisId } = await stage.world.controls.addAnalysis();
  const id = storage === "servers" ? "gen_random_uuid()" : randomUuidInSqlite;
  await catalog.execute(`insert into tag (tag_name, project_id) values ('wide', '${projectId}')`);
  await catalog.execute(`insert into result (client_id, object_id, filename)
    select '${analysisId}', ${id}, 'result-' || n || '.bin' from ${numbers(storage, count)}`);
  await catalog.execute(`insert into taggedresult (tag_id, result_id)
    select tag.id, result.id from tag, result
    where project_id = '${projectId}' and client_id = '${analysisId}' order by result.id`);
  const work = `GET /local/tags/{tag_name} with ${count.toLocaleString("en-US")} results`;
  const query = () => catalog.listTagged(projectId, "wide");
  await measure(bench, part, { work, path: "/local/tags/wide", analysisId, count, query });
}

interface Listing {
  readonly work: string;
  readonly path: string;
  readonly analysisId: string;
  readonly count: number;
  readonly query: () => Promise<readonly unknown[]>;
}

/** Short lists are asked for from 16 connections, long ones one after another. */
async function measure(bench: Bench, part: Part, { work, path, analysisId, count, query }: Listing): Promise<void> {
  const { world, service } = part.stage;
  const request = getRequest(`${service.url}${path}`, bearer(await world.controls.token(analysisId)));
  const connections = count > 1_000 ? 1 : 16;
  const { seconds } = bench;
  const found = await query();
  if (found.length !== count) throw new Error(`${work}: the query finds ${found.length}`);
  await load({ url: service.url, connections, seconds: 0.5, next: () => request });
  const figures = await inTurns(
    bench.rounds,
    perThousand(service.pid, () => load({ url: service.url, connections, seconds, next: () => request })),
    () => queryRate(connections, seconds, query),
  );
  const ways = connections === 1 ? "one after another" : `${connections} at once`;
  bench.add({
    group: "tags",
    work: `${work}, ${titles[part.storage]}, ${ways}`,
    unit: "/s",
    ...figures,
    note: `${(1e6 / figures.service.median / count).toFixed(2)} µs for each that is listed`,
    against: "the bare query by the same driver",
    goal: part.goal,
  });
}

async function queryRate(connections: number, seconds: number, query: () => Promise<unknown>): Promise<number> {
  const startedAt = performance.now();
  const end = startedAt + seconds * 1000;
  let done = 0;
  const work = async () => {
    for (; performance.now() < end; done++) await query();
  };
  await Promise.all(Array.from({ length: connections }, work));
  return done / ((performance.now() - startedAt) / 1000);
}

const randomUuidInSqlite = `lower(hex(randomblob(4)) || '-' || hex(randomblob(2)) || '-4' || substr(hex(randomblob(2)), 2) ||
  '-8' || substr(hex(randomblob(2)), 2) || '-' || hex(randomblob(6)))`;

const numbers = (storage: StorageKind, count: number): string =>
  storage === "servers"
    ? `generate_series(1, ${count}) as n`
    : `(with recursive counted(n) as (select 1 union all select n + 1 from counted where n < ${count}) select n from counted)`;

function postgresCatalog(sql: SQL): Catalog {
  return {
    execute: (statement) => sql.unsafe(statement),
    listTags: (projectId) => sql`select tag_name from tag where project_id = ${projectId} order by id`,
    listTagged: (projectId, tagName) => sql`
      select result.object_id, result.filename from taggedresult
      join tag on taggedresult.tag_id = tag.id join result on taggedresult.result_id = result.id
      where tag.project_id = ${projectId} and tag.tag_name = ${tagName}
      group by result.id order by min(taggedresult.id)`,
  };
}

function sqliteCatalog(dataDir: string, stack: AsyncDisposableStack): Catalog {
  const database = new Database(join(dataDir, "catalog.sqlite"));
  stack.defer(() => database.close());
  const tagsOf = database.query("select tag_name from tag where project_id = ? order by id");
  const resultsOf = database.query(`
    select result.object_id, result.filename from taggedresult
    join tag on taggedresult.tag_id = tag.id join result on taggedresult.result_id = result.id
    where tag.project_id = ? and tag.tag_name = ?
    group by result.id order by min(taggedresult.id)`);
  return {
    execute: async (statement) => database.run(statement),
    listTags: async (projectId) => tagsOf.all(projectId),
    listTagged: async (projectId, tagName) => resultsOf.all(projectId, tagName),
  };
}
