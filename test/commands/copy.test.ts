import { Database } from "bun:sqlite";
import { afterAll, afterEach, describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { copy } from "../../src/commands/copy/copy.ts";
import { backends, formOf, isAvailable, startTestService, type TestService } from "../support/service.ts";
import { mountSmallDisk } from "../support/small-disk.ts";
import { contentOf, dropScratch, fileOf, openEmpty, scratch, storeOf } from "./storages.ts";
import { createTestIo } from "./test-io.ts";

afterAll(dropScratch);

function givenBy(service: TestService): string {
  if (service.dataDir !== undefined) return service.dataDir;
  const names = Object.keys(service.environment).filter((name) => /^(?:MINIO|POSTGRES)__/.test(name));
  return fileOf(Object.fromEntries(names.map((name) => [name, service.environment[name]])));
}

async function run(from: string, to: string, dryRun = false) {
  const io = createTestIo({});
  const read = (path: string) => readFileSync(path, "utf8");
  const code = await copy({ ...io, readTextFile: read }, { from, to, dryRun });
  return { code, out: io.printed.join("\n"), err: io.errors.join("\n") };
}

const ways = [
  ["embedded", "servers"],
  ["servers", "embedded"],
  ["servers", "servers"],
  ["embedded", "embedded"],
] as const;

for (const [from, to] of ways) {
  const isThere = [from, to].every((kind) => backends.includes(kind) && isAvailable(kind));
  describe.skipIf(!isThere)(`a copy from ${from} to ${to} storage`, () => {
    const ending: (() => Promise<unknown>)[] = [];
    afterEach(async () => {
      for (const end of ending.splice(0).reverse()) await end();
    });

    async function fill(objects = 12) {
      const env = { RECORD__ENABLED: "1", SUBMISSIONS__WAIT_SECONDS: "0", SUBMISSIONS__RETRY_MAX_SECONDS: "3600" };
      const service = await startTestService({ backend: from, env });
      ending.push(service.stop);
      const put = async (file: File, tag = "") => {
        const body = formOf(["file", file], ["tag", tag]);
        const response = await service.fetch("1", "/local", { method: "PUT", body });
        return ((await response.json()) as { object_id: string }).object_id;
      };
      const ids: string[] = [];
      for (let number = 0; number < objects; number += 1) {
        const file = new File([`content ${number}`.repeat(number)], `größe ${number}.csv`, { type: "text/csv" });
        ids.push(await put(file, number % 3 === 0 ? `tag-${number}` : ""));
      }
      await put(new File([new Uint8Array(20_000_000).fill(7)], "large.bin"));
      service.hub.fail({ path: /\/upload$/ }, { kind: "status", status: 503 });
      const final = await service.fetch("1", "/final", {
        method: "PUT",
        body: formOf(["file", new File(["final"], "f.txt")]),
      });
      const { submission_id: submissionId } = (await final.json()) as { submission_id: string };
      await service.shutDown();
      const target = await openEmpty(to);
      ending.push(target.drop);
      return { service, source: givenBy(service), target, ids, submissionId };
    }

    test("has every object and row, and is served as before; the source is untouched", async () => {
      const { service, source, target, ids, submissionId } = await fill();
      const before = await contentOf(storeOf(source));
      const rehearsed = await run(source, target.given, true);
      expect(rehearsed).toMatchObject({ code: 0, err: "" });
      expect(rehearsed.out).toContain("Would copy 14 objects");
      const copied = await run(source, target.given);
      expect(copied).toMatchObject({ code: 0, err: "" });
      expect(await contentOf(storeOf(target.given))).toEqual(before);
      expect(await contentOf(storeOf(source))).toEqual(before);
      const names = Object.keys(service.environment).filter((name) => /^(?:MINIO|POSTGRES)__|^DATA_DIR$/.test(name));
      const none = { DATA_DIR: "", ...Object.fromEntries(names.map((name) => [name, ""])) };
      const moved = await startTestService({ besides: service, env: { ...none, ...target.env } });
      const read = (path: string) => fetch(`${moved.url}${path}`, { headers: { authorization } });
      const authorization = `Bearer ${await service.token("1")}`;
      const tags = (await (await read("/local/tags")).json()) as { tags: { name: string }[] };
      expect(tags.tags.map(({ name }) => name)).toEqual(["tag-0", "tag-3", "tag-6", "tag-9"]);
      const tagged = (await (await read("/local/tags/tag-9")).json()) as { results: unknown[] };
      expect(tagged.results).toMatchObject([{ filename: "größe 9.csv" }]);
      const object = await read(`/local/${ids[9]}`);
      expect([await object.text(), object.headers.get("content-type")]).toEqual(["content 9".repeat(9), "text/csv"]);
      expect(await (await read(`/final/submissions/${submissionId}`)).json()).toMatchObject({ status: "queued" });
      // New rows get numbers behind the old ones.
      const body = formOf(["file", new File(["new"], "new.txt")], ["tag", "new"]);
      const stored = await fetch(`${moved.url}/local`, { method: "PUT", body, headers: { authorization } });
      expect(stored.status).toBe(200);
      await moved.shutDown();
      await moved.stop();
    }, 120_000);

    test("goes on where it was killed", async () => {
      const { source, target } = await fill(6);
      const store = storeOf(source);
      const keys = (await Array.fromAsync(store.scan(""))).map(({ key }) => key);
      const killed = Bun.spawn(
        [process.execPath, join(import.meta.dir, "../../src/main.ts"), "copy", "--from", source, "--to", target.given],
        { stdout: "ignore", stderr: "ignore", env: { PATH: Bun.env.PATH, HOME: Bun.env.HOME } },
      );
      const into = storeOf(target.given);
      for (let seen = 0; seen < 2 && killed.exitCode === null; ) {
        seen = (await Array.fromAsync(into.list("")).catch(() => [])).length;
      }
      killed.kill("SIGKILL");
      await killed.exited;
      expect((await run(source, target.given)).code).toBe(0);
      expect(await contentOf(into)).toEqual(await contentOf(store));
      expect((await Array.fromAsync(into.list(""))).sort()).toEqual(keys.sort());
    }, 120_000);
  });
}

describe("a copy that cannot be", () => {
  async function startSource() {
    const service = await startTestService();
    const body = formOf(["file", new File(["content"], "a.txt")], ["tag", "t"]);
    await service.fetch("1", "/local", { method: "PUT", body });
    await service.shutDown();
    return { service, source: service.dataDir ?? "" };
  }

  test("is told in a sentence: no such source, the same storage, settings that are not there, a target in use", async () => {
    const { service, source } = await startSource();
    expect(await run(join(scratch, "nowhere"), join(scratch, "target-a"))).toMatchObject({
      code: 1,
      err: expect.stringContaining("is neither a file with settings nor the DATA_DIR of a service"),
    });
    expect(await run(source, source)).toMatchObject({ code: 2, err: "--from and --to are the same storage." });
    expect((await run(source, fileOf({ MINIO__ENDPOINT: "127.0.0.1:1" }))).err).toMatch(
      /names no storage: .*MINIO__SECRET_KEY is not set.*POSTGRES__HOST is not set/,
    );
    const other = await startSource();
    expect((await run(source, other.source)).err).toStartWith("The target holds objects already, such as local/");
    await service.stop();
    await other.service.stop();
  });

  test("is told when the source changes meanwhile, and comes right when it is run again", async () => {
    const { service, source } = await startSource();
    const target = join(scratch, crypto.randomUUID());
    const io = createTestIo({});
    const showProgress = (text: string) => {
      if (text !== "copying rows") return;
      const database = new Database(join(source, "catalog.sqlite"));
      database.run("insert into tag (tag_name, project_id) values ('late', 'p')");
      database.close();
    };
    expect(await copy({ ...io, showProgress }, { from: source, to: target, dryRun: false })).toBe(1);
    expect(io.errors.join()).toStartWith("The source has changed while it was copied: stop the service");
    expect((await run(source, target)).code).toBe(0);
    const database = new Database(join(target, "catalog.sqlite"));
    expect(database.query("select tag_name from tag order by id").all()).toEqual([
      { tag_name: "t" },
      { tag_name: "late" },
    ]);
    expect(database.query("select name from sqlite_schema where name = 'flame_result_copy'").all()).toEqual([]);
    database.close();
    await service.stop();
  });

  test.skipIf(!isAvailable("servers"))("is told when credentials are wrong, and of which side", async () => {
    const { service, source } = await startSource();
    const target = await openEmpty("servers");
    const wrong = { ...target.env, MINIO__SECRET_KEY: "wrong" };
    expect((await run(source, fileOf(wrong))).err).toMatch(/^The target: /);
    expect((await run(fileOf(wrong), join(scratch, "target-b"))).err).toMatch(/^The source: /);
    const noDatabase = { ...target.env, POSTGRES__DB: "nowhere" };
    expect((await run(source, fileOf(noDatabase))).err).toMatch(/^The target: .*nowhere/);
    await target.drop();
    await service.stop();
  });
});

const disk = mountSmallDisk(8);
afterAll(() => disk?.remove());

test.skipIf(disk === undefined)("a copy onto a full disk is told, and leaves no half of a file", async () => {
  const target = join(disk?.path ?? "", "data");
  const service = await startTestService();
  const body = formOf(["file", new File([new Uint8Array(20_000_000)], "large.bin")]);
  expect((await service.fetch("1", "/local", { method: "PUT", body })).status).toBe(200);
  await service.shutDown();
  const { code, err } = await run(service.dataDir ?? "", target);
  expect(code).toBe(1);
  expect(err).toMatch(/^The target: .*(?:ENOSPC|no space|no room)/i);
  expect(await Array.fromAsync(storeOf(target).list(""))).toEqual([]);
  await service.stop();
});
