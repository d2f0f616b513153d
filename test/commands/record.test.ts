import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { printConsoleLink } from "../../src/commands/console.ts";
import { doctor } from "../../src/commands/doctor/doctor.ts";
import { type RecordRequest, record } from "../../src/commands/record.ts";
import type { Environment } from "../../src/settings/environment.ts";
import { type Beside, openBeside } from "../support/beside.ts";
import { backends, formOf, isAvailable, startTestService, type TestService } from "../support/service.ts";
import { createTestIo } from "./test-io.ts";

const list = { action: "list", limit: 50, json: true } as const;

for (const backend of backends) {
  describe.skipIf(!isAvailable(backend))(`the record beside a running service on ${backend} storage`, () => {
    let service: TestService;
    let beside: Beside;
    beforeAll(async () => {
      service = await startTestService({ backend, env: { RECORD__ENABLED: "1" } });
      beside = openBeside(service);
      await send("1");
      await send("3");
    });
    afterAll(async () => {
      await beside?.close();
      await service?.stop();
    });

    async function send(as: "1" | "3") {
      const file = ["file", new File(["41"], "secret name.csv")] as const;
      const form = formOf(["remote_node_id", service.peerNodeId], file);
      expect((await service.fetch(as, "/intermediate", { method: "PUT", body: form })).status).toBe(200);
    }

    async function command(request: RecordRequest, env: Environment = {}) {
      const edge = createTestIo({ ...service.environment, ...env });
      const shown: string[] = [];
      const code = await record({ ...edge, showProgress: (text) => void shown.push(text) }, request);
      return { code, out: edge.printed, err: edge.errors.join("\n"), shown };
    }

    test("is listed newest first as a table or as JSON, and filtered", async () => {
      const table = await command({ ...list, json: false });
      expect(table.code).toBe(0);
      expect(table.out[0]).toMatch(/^ROW +TIME +EVENT +OUTCOME +ACTOR +OBJECT +BYTES$/);
      expect(table.out[1]).toContain(`intermediate.sent  ok       ${service.analyses[2]}`);
      const analysis = service.analyses[0].toUpperCase();
      const { items, total } = JSON.parse((await command({ ...list, analysis, limit: 1 })).out.join(""));
      expect(items).toMatchObject([{ sequence: 1, event: "intermediate.sent", actor: service.analyses[0], bytes: 2 }]);
      expect(total).toBe(1);
      expect((await command({ ...list, json: false, to: "2020-01-01" })).out).toEqual(["Nothing is on record."]);
      expect(JSON.stringify(table.out)).not.toContain("secret name");
    });

    test("says that it was read and exported, and from where", async () => {
      await command({ action: "export", format: "jsonl" });
      const { items } = JSON.parse((await command({ ...list, event: "record.exported" })).out.join(""));
      expect(items).toMatchObject([{ actor: "command line", outcome: "ok" }]);
      const read = JSON.parse((await command({ ...list, event: "record.read" })).out.join(""));
      expect(read.items[0]).toMatchObject({ actor: "command line" });
    });

    test("is exported oldest first, in both forms", async () => {
      const lines = (await command({ action: "export", format: "jsonl" })).out.join("").trimEnd().split("\n");
      expect(lines.map((line) => JSON.parse(line).sequence)).toEqual(lines.map((_, index) => index + 1));
      const csv = (await command({ action: "export", format: "csv", event: "intermediate.sent" })).out.join("");
      expect(csv.split("\r\n")[0]).toStartWith("sequence,time,event,actor,");
      expect(csv.split("\r\n")).toHaveLength(4);
    });

    test.each<[RecordRequest, string]>([
      [{ ...list, event: "intermediate.lost" }, "--event is one of intermediate.sent"],
      [{ ...list, project: "mine" }, "--project takes a UUID"],
      [{ ...list, analysis: "42" }, "--analysis takes a UUID"],
      [{ action: "export", format: "csv", from: "yesterday" }, "--from and --to take a time"],
      [{ ...list, from: "1" }, "--from and --to take a time"],
      [{ ...list, to: "2026-01-31T12:00:00" }, "--from and --to take a time"],
      [{ action: "verify", head: "abc" }, "--head takes a hash"],
    ])("what makes no sense is refused with a hint: %j", async (request, hint) => {
      const { code, out, err } = await command(request);
      expect([code, out]).toEqual([2, []]);
      expect(err).toContain(hint);
    });

    test("is verified with the head that the log has told, and shows how far it is", async () => {
      await beside.record.seal();
      const { head } = await beside.record.stats();
      const { code, out, shown } = await command({ action: "verify", head: head?.hash.toUpperCase() ?? "" });
      expect(code).toBe(0);
      expect(out[0]).toMatch(/^The record is whole: \d+ rows, the last is \d+ with the hash [0-9a-f]{64}$/);
      expect(shown[0]).toMatch(/^\[#+\] 100 %, (\d+) of \1 rows$/);
      expect(shown.at(-1)).toBe("");
      const other = await command({ action: "verify", head: "ab".repeat(32) });
      expect(other.code).toBe(1);
      expect(other.err).toMatch(/broken at row \d+: No row has the hash (?:ab)+/);
    });

    test("one that is switched off is still shown, and nothing is added to it", async () => {
      const { rows } = await beside.record.stats();
      expect((await command(list, { RECORD__ENABLED: "0" })).code).toBe(0);
      expect((await beside.record.stats()).rows).toBe(rows);
    });

    test("a link signs its name in once at the running service, and its ticket is not in the database", async () => {
      const edge = createTestIo({ ...service.environment, SERVER__PUBLIC_URL: "https://node.example/" });
      expect(await printConsoleLink(edge, " Ada Lovelace ")).toBe(0);
      const ticket = /^https:\/\/node\.example\/operator#ticket=([\w-]{43})$/.exec(edge.printed[0] ?? "")?.[1] ?? "";
      expect(edge.errors.join("")).toContain("signs in Ada Lovelace");
      const redeem = () =>
        fetch(`${service.url}/operator/session`, {
          method: "POST",
          headers: { "content-type": "application/json" },
          body: JSON.stringify({ ticket }),
        });
      const first = await redeem();
      expect([first.status, (await redeem()).status]).toEqual([204, 401]);
      const cookie = first.headers.get("set-cookie")?.split(";")[0] ?? "";
      const session = await fetch(`${service.url}/operator/session`, { headers: { cookie } });
      expect(await session.json()).toMatchObject({ name: "Ada Lovelace", kind: "console" });
      const { items } = JSON.parse((await command({ ...list, event: "operator.signed_in" })).out.join(""));
      expect(items).toMatchObject([{ actor: "Ada Lovelace" }]);
    });

    test.each(["", "  ", "x".repeat(101), "Ada\nroot"])("a link is printed for no such name as %j", async (name) => {
      const edge = createTestIo(service.environment);
      expect(await printConsoleLink(edge, name)).toBe(2);
      expect(edge.printed).toEqual([]);
    });

    async function examine() {
      const io = createTestIo(service.environment);
      await doctor(io, { json: true }, { now: Date.now, limitMs: 12_000 });
      const { checks } = JSON.parse(io.printed.join("\n")) as { checks: { check: string; status: string }[] };
      return checks.find(({ check }) => check === "record");
    }

    test("the doctor sees that its end is whole, that it is not sealed, and that it was changed", async () => {
      await beside.record.seal();
      expect(await examine()).toMatchObject({ status: "ok", message: expect.stringMatching(/^\d+ rows, the last/) });
      await beside.execute("update record_entry set actor = 'somebody else' where sequence = 2");
      expect(await examine()).toMatchObject({
        status: "failed",
        message: expect.stringContaining("Row 2 was changed"),
      });
    });

    test("a changed row is named, with exit code 1", async () => {
      await beside.execute("update record_entry set bytes = 7 where sequence = 1");
      const { code, out, err } = await command({ action: "verify" });
      expect([code, out]).toEqual([1, []]);
      expect(err).toContain("The record is broken at row 1: Row 1 was changed");
    });
  });
}

test("both say where the service has never run", async () => {
  const service = await startTestService();
  const env = { ...service.environment, DATA_DIR: `${service.dataDir}/nowhere` };
  for (const run of [
    (edge: ReturnType<typeof createTestIo>) => record(edge, list),
    (edge: ReturnType<typeof createTestIo>) => printConsoleLink(edge, "Ada"),
  ]) {
    const edge = createTestIo(env);
    expect(await run(edge)).toBe(1);
    expect(edge.errors.join("\n")).toContain("has not been started on this DATA_DIR");
  }
  await service.stop();
});
