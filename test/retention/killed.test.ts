import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import { type End, findStorage, openEnd } from "../../src/commands/copy/open-end.ts";
import { type Beside, openBeside } from "../support/beside.ts";
import { createTestLog } from "../support/log.ts";
import { backends, formOf, isAvailable, startTestService, type TestService } from "../support/service.ts";

/** Twenty take a minute. */
const kills = Number(Bun.env.RETENTION_KILLS ?? "2");
const objectsPerKill = 25;
const env = {
  RETENTION__UNTAGGED_DAYS: "7",
  RETENTION__TAGGED_DAYS: "7",
  RETENTION__OBJECTS_PER_SECOND: "10",
  LOCAL__DIGESTS: "1",
};

/** The command in a process of its own, as an operator runs it. */
function startSweep(service: TestService, perSecond: number) {
  return Bun.spawn([process.execPath, join(import.meta.dir, "../../src/main.ts"), "retention", "run"], {
    stdout: "pipe",
    stderr: "pipe",
    env: {
      PATH: Bun.env.PATH,
      HOME: Bun.env.HOME,
      ...service.environment,
      RETENTION__OBJECTS_PER_SECOND: String(perSecond),
    },
  });
}

async function columnOf({ rows }: End, name: string, column: string): Promise<string[]> {
  const table = (await rows.listTables()).find((found) => found.name === name);
  if (table === undefined) throw new Error(`there is no table ${name}`);
  return (await Array.fromAsync(rows.read(table, [column]))).flat().map(([cell]) => String(cell));
}

const countObjects = async ({ objects }: End) => (await Array.fromAsync(objects.list("local/"))).length;

/** What names a result, of a project's whose files all lie in one folder. */
async function rowsWithoutObject(end: End, projectId: string): Promise<string[]> {
  const named = [
    ...(await columnOf(end, "result", "object_id")),
    ...(await columnOf(end, "object_digest", "object_id")),
  ];
  const stored = new Set(await Array.fromAsync(end.objects.list("local/")));
  return named.filter((id) => !stored.has(`local/${projectId}/${id}`));
}

async function fill(service: TestService, count: number): Promise<void> {
  for (let number = 0; number < count; number += 1) {
    const tag = number % 2 === 0 ? `tag-${number % 10}` : "";
    const body = formOf(["file", new File(["12345"], "data.bin")], ["tag", tag]);
    expect((await service.fetch("1", "/local", { method: "PUT", body })).status).toBe(200);
  }
}

/** As if everything were old, and whoever was killed dead for long. */
async function age(service: TestService, beside: Beside): Promise<void> {
  const old = service.dataDir === undefined ? "'2020-01-01'" : "0";
  await beside.execute(`update stored_object set stored_at = ${old}`);
}
const forgetLease = (beside: Beside) => beside.execute("update retention_state set lease_holder = null");

for (const backend of backends) {
  describe.skipIf(!isAvailable(backend))(`sweeps that are killed on ${backend} storage`, () => {
    test(
      "leave no row without its object, and the next one goes on until everything is gone, and on record once",
      async () => {
        const count = kills * objectsPerKill;
        const service = await startTestService({ backend, env });
        await fill(service, count);
        await service.shutDown();
        const beside = openBeside(service);
        await age(service, beside);
        const end = await openEnd(
          findStorage("env", service.environment, () => ""),
          "source",
          createTestLog().log,
        );
        const [projectId] = service.projects;
        let left = await countObjects(end);
        expect(left).toBe(count);
        for (let killed = 0; killed < kills; killed += 1) {
          await forgetLease(beside);
          // Batches of one up to fourteen, each a second long.
          const sweep = startSweep(service, 1 + ((killed * 5) % 14));
          for (const before = left; left === before && sweep.exitCode === null; ) left = await countObjects(end);
          await Bun.sleep(Math.random() * 50);
          sweep.kill("SIGKILL");
          await sweep.exited;
          left = await countObjects(end);
          expect(left).toBeGreaterThan(0);
          expect(await rowsWithoutObject(end, projectId)).toEqual([]);
        }
        await forgetLease(beside);
        const last = startSweep(service, 10_000);
        expect(await new Response(last.stdout).text()).toMatch(/^Removed \d+ objects of \d+ bytes\.\n$/);
        expect(await last.exited).toBe(0);
        expect(await countObjects(end)).toBe(0);
        for (const table of ["result", "taggedresult", "tag", "object_digest"]) {
          expect([table, await end.rows.count(table)]).toEqual([table, 0]);
        }
        expect(await end.retention.objects.usageOf(projectId)).toEqual({ bytes: 0, objects: 0 });
        await beside.record.seal();
        const rows = await beside.record.readAfter({ event: "result.expired" }, 0, 10_000);
        expect(rows).toHaveLength(count);
        expect(new Set(rows.map(({ objectId }) => objectId)).size).toBe(count);
        await end.close();
        await beside.close();
        await service.stop();
      },
      120_000 + kills * 30_000,
    );
  });
}
