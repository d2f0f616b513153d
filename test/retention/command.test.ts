import { Database } from "bun:sqlite";
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { join } from "node:path";
import { sql } from "drizzle-orm";
import { type RetentionRequest, retention } from "../../src/commands/retention.ts";
import { usage } from "../../src/commands/usage.ts";
import { openPostgres } from "../../src/database/postgres-connection.ts";
import { createTestIo } from "../commands/test-io.ts";
import { eventually } from "../support/eventually.ts";
import { backends, formOf, isAvailable, startTestService, type TestService } from "../support/service.ts";

for (const backend of backends) {
  describe.skipIf(!isAvailable(backend))(`retention and usage beside a running service on ${backend} storage`, () => {
    let service: TestService;
    beforeEach(async () => {
      const env = { RETENTION__UNTAGGED_DAYS: "7", RETENTION__TAGS: "keep-*:0", QUOTA__PROJECT_BYTES: "1000" };
      service = await startTestService({ backend, env });
      await eventually(() => expect(service.logLines.map(({ event }) => event)).toContain("retention.listed"));
    });
    afterEach(() => service.stop());

    async function command(request: RetentionRequest) {
      const io = createTestIo(service.environment);
      const code = await retention(io, request);
      return { code, out: io.printed.join("\n"), err: io.errors.join("\n") };
    }
    async function put(bytes: number, tag = ""): Promise<string> {
      const body = formOf(["file", new File([new Uint8Array(bytes)], "data.bin")], ["tag", tag]);
      const response = await service.fetch("1", "/local", { method: "PUT", body });
      return ((await response.json()) as { object_id: string }).object_id;
    }
    /** As if everything had been stored a month ago. */
    async function age(): Promise<void> {
      if (service.dataDir !== undefined) {
        const database = new Database(join(service.dataDir, "catalog.sqlite"));
        database.run("update stored_object set stored_at = stored_at - 30 * 86400000");
        database.close();
        return;
      }
      const { POSTGRES__HOST: host = "", POSTGRES__PORT, POSTGRES__USER: user = "" } = service.environment;
      const { POSTGRES__PASSWORD: password = "", POSTGRES__DB: database = "" } = service.environment;
      const settings = { host, port: Number(POSTGRES__PORT), user, password, database, maxConnections: 1 };
      const postgres = openPostgres(settings);
      await postgres.run((db) => db.execute(sql`update stored_object set stored_at = stored_at - interval '30 days'`));
      await postgres.close();
    }

    test("a preview shows what goes and when, and a run removes what is due", async () => {
      const [old, kept] = [await put(3), await put(4, "keep-this")];
      await age();
      const fresh = await put(5);
      const shown = await command({ action: "preview", limit: 50, json: false });
      expect(shown).toMatchObject({ code: 0, err: "" });
      expect(shown.out).toContain("the rules only show what they would remove.");
      expect(shown.out).toContain("Due now: 1 objects of 3 bytes. To go sooner or later: 2 objects.");
      expect(shown.out).toContain(old);
      expect(shown.out).not.toContain(kept);
      const json = await command({ action: "preview", limit: 1, json: true });
      expect(JSON.parse(json.out)).toMatchObject({ due: { bytes: 3, objects: 1 }, total: 2, items: [{}] });
      expect(await command({ action: "run" })).toEqual({ code: 0, out: "Removed 1 objects of 3 bytes.", err: "" });
      expect((await service.fetch("1", `/local/${old}`)).status).toBe(404);
      for (const id of [kept, fresh]) expect((await service.fetch("1", `/local/${id}`)).status).toBe(200);
      const sunset = (await service.fetch("1", `/local/${fresh}`)).headers.get("sunset") ?? "";
      expect(new Date(sunset).getTime()).toBeGreaterThan(Date.now() + 6 * 86_400_000);
      const after = await command({ action: "preview", limit: 50, json: false });
      expect(after.out).toStartWith("Due now: 0 objects of 0 bytes.");
    });

    test("usage is a table for people, and JSON", async () => {
      await put(10);
      const io = createTestIo(service.environment);
      expect(await usage(io, { json: false })).toBe(0);
      expect(io.printed).toHaveLength(3);
      expect(io.printed[0]).toMatch(/^PROJECT +BYTES +OBJECTS +QUOTA +EXPIRING$/);
      expect(io.printed[1]).toMatch(new RegExp(`^${service.projects[0]} +10 +1 +1,000 +10$`));
      const other = createTestIo(service.environment);
      await usage(other, { json: true });
      expect(JSON.parse(other.printed.join(""))).toMatchObject({
        projects: [{ project_id: service.projects[0], bytes: 10, objects: 1, quota_bytes: 1000, expiring_bytes: 10 }],
        node: { bytes: 10, objects: 1, reserved_bytes: 0, waiting_bytes: 0, quota_bytes: null },
      });
    });

    test("a rule for the Hub's files alone is told, and a run ends its preview", async () => {
      const environment = {
        ...service.environment,
        RETENTION__UNTAGGED_DAYS: "0",
        QUOTA__PROJECT_BYTES: "0",
        RETENTION__INTERMEDIATE_DAYS: "7",
      };
      const rule = "the service removes from the Hub, within the hour, what it sent more than 7 days ago.";
      for (const request of [{ action: "preview", limit: 5, json: false }, { action: "run" }] as const) {
        const io = createTestIo(environment);
        expect([request.action, await retention(io, request)]).toEqual([request.action, 0]);
        expect(io.printed.at(-1)).toContain(rule);
      }
      const io = createTestIo(environment);
      await retention(io, { action: "preview", limit: 5, json: false });
      expect(io.printed.join()).not.toContain("only show what they would remove");
    });

    test("without a rule there is nothing to preview or run, and usage lists the store", async () => {
      await put(10);
      const environment = { ...service.environment, RETENTION__UNTAGGED_DAYS: "0", QUOTA__PROJECT_BYTES: "0" };
      const io = createTestIo(environment);
      expect(await retention(io, { action: "run" })).toBe(2);
      expect(io.errors.join()).toContain("No rule is set");
      expect(await usage(io, { json: true })).toBe(0);
      expect(JSON.parse(io.printed.join(""))).toMatchObject({ node: { bytes: 10, objects: 1 } });
    });
  });
}
