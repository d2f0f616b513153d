import { expect, test } from "bun:test";
import type { Catalog } from "../../src/catalog/catalog.ts";
import { createSqliteCatalog } from "../../src/catalog/sqlite.ts";
import { migrateSqlite } from "../../src/database/migrate-sqlite.ts";
import { openSqlite } from "../../src/database/sqlite-connection.ts";
import { AppError } from "../../src/errors.ts";
import type { Hub } from "../../src/hub/hub.ts";
import type { ObjectStore } from "../../src/objects/object-store.ts";
import { createLocalResults } from "../../src/results/local.ts";
import { createRollback } from "../../src/results/rollback.ts";
import { createSqliteSubmissions } from "../../src/submissions/store/sqlite-submissions.ts";
import { submissionKey } from "../../src/submissions/store/submission-store.ts";
import { newSubmission } from "../submissions/new-submission.ts";
import { createTestLog } from "../support/log.ts";
import { fakeHub, hubAway, memoryObjects, uploadOf } from "./fakes.ts";

const analysisId = crypto.randomUUID();
const other = crypto.randomUUID();
const projectId = crypto.randomUUID();
const lease = { holder: "me", leaseMs: 60_000 };
const databaseAway = new AppError("database", "The database is not available");

interface Parts {
  readonly hub?: Partial<Hub>;
  readonly catalog?: Partial<Catalog>;
  readonly objects?: Partial<ObjectStore>;
}

async function createSubject(parts: Parts = {}) {
  const sqlite = openSqlite(":memory:");
  await migrateSqlite(sqlite);
  const catalog = { ...createSqliteCatalog(sqlite), ...parts.catalog };
  const submissions = createSqliteSubmissions(sqlite, Date.now);
  const objects = memoryObjects(parts.objects);
  const forgotten: string[] = [];
  const hub = fakeHub({
    findProjectId: async () => projectId,
    projectExists: async () => false,
    forgetProject: (id) => void forgotten.push(id),
    ...parts.hub,
  });
  const { log, lines } = createTestLog();
  const rollback = createRollback({ objects, catalog, log });
  const newId = () => crypto.randomUUID();
  const deps = {
    objects,
    catalog,
    submissions,
    hub,
    rollback,
    newId,
    adapterClientId: "adapter",
    usageOf: async () => ({ bytes: 0, objects: 0 }),
    nameLimitMs: 5,
    log,
  };
  return { local: createLocalResults(deps), catalog, submissions, objects, lines, forgotten };
}

test("an object that is tagged again without a name keeps the one it is known by", async () => {
  const { local } = await createSubject();
  const objectId = await local.store(analysisId, uploadOf("x", {}, "upload.csv"));
  expect(await local.tag(analysisId, { objectId, tagName: "first", filename: "mine.csv" })).toBe("mine.csv");
  expect(await local.tag(analysisId, { objectId, tagName: "second", filename: undefined })).toBe("mine.csv");
  // Another analysis has no name for it yet.
  expect(await local.tag(other, { objectId, tagName: "second", filename: undefined })).toBe("upload.csv");
});

test("reading an object neither fails nor hangs when the catalog does: only its name is missing then", async () => {
  for (const findFilename of [() => Promise.reject(databaseAway), () => new Promise<undefined>(() => {})]) {
    const { local, objects } = await createSubject({ catalog: { findFilename } });
    const objectId = await local.store(analysisId, uploadOf("content"));
    const { open, stat } = objects;
    const withoutName = <T extends object>(info: T) => ({ ...info, filename: undefined });
    objects.open = async (key) => {
      const found = await open(key);
      return found && { ...found, info: withoutName(found.info) };
    };
    objects.stat = async (key) => {
      const info = await stat(key);
      return info && withoutName(info);
    };
    expect((await local.stat(analysisId, objectId)).sizeBytes).toBe(7);
    const { body } = await local.open(analysisId, objectId);
    expect(await new Response(body).text()).toBe("content");
  }
});

test("no line of the log names a client's file", async () => {
  const { local, lines } = await createSubject();
  const upload = () => uploadOf("x", { tag: "t" }, "ward-7.csv");
  const objectId = await local.store(analysisId, upload());
  await local.open(analysisId, objectId);
  await local.tag(analysisId, { objectId, tagName: "t", filename: "else-ward-7.csv" }).catch((error: AppError) => {
    expect(error.message).toContain("ward-7");
    expect(error.loggedAs).not.toContain("ward-7");
  });
  await local.store(analysisId, uploadOf("x", { tag: "No Tag" }, "ward-7.csv")).catch(() => {});
  await local.removeProject(projectId);
  expect(lines.length).toBeGreaterThan(3);
  expect(JSON.stringify(lines)).not.toContain("ward-7");
});

const unknown = { code: "not_found", message: `Analysis with ID ${analysisId} not found` };

test.each([{}, { tag: "late" }])(
  "what another process' removal overtakes is taken back and is a 404: %o",
  async (fields) => {
    const { local, catalog, objects, lines, forgotten } = await createSubject();
    await catalog.removeProject(projectId);
    await expect(local.store(analysisId, uploadOf("x", fields))).rejects.toMatchObject(unknown);
    expect(objects.keys()).toEqual([]);
    expect(forgotten).toEqual([projectId]);
    expect(lines.at(-1)?.fields).toMatchObject({ outcome: "failed", code: "not_found" });
  },
);

test("a file whose client hangs up after its last byte is not kept, as nobody learns its id", async () => {
  let isGone = false;
  const isRemoved = async () => {
    isGone = true;
    return false;
  };
  const { local, objects } = await createSubject({ catalog: { isRemoved } });
  const fields = () => {
    if (isGone) throw new AppError("client_gone", "The client closed the connection");
    return new Map<string, string>();
  };
  await expect(local.store(analysisId, { ...uploadOf("x"), fields })).rejects.toMatchObject({ code: "client_gone" });
  expect(objects.keys()).toEqual([]);
});

test("an object whose project is removed meanwhile is not tagged any more", async () => {
  const { local, catalog } = await createSubject();
  const objectId = await local.store(analysisId, uploadOf("x"));
  await catalog.removeProject(projectId);
  await expect(local.tag(analysisId, { objectId, tagName: "t", filename: undefined })).rejects.toMatchObject(unknown);
});

test("while the database is away an untagged file is kept only where the Hub still has the project", async () => {
  const isRemoved = () => Promise.reject(databaseAway);
  for (const [projectExists, keys] of [
    [async () => true, 1],
    [async () => false, 0],
    [() => Promise.reject(hubAway), 0],
  ] as const) {
    const { local, objects } = await createSubject({ catalog: { isRemoved }, hub: { projectExists } });
    const stored = local.store(analysisId, uploadOf("x")).catch((error: AppError) => error.code);
    if (keys === 0) expect(await stored).toBe("database");
    else expect(await stored).toHaveLength(36);
    expect(objects.keys()).toHaveLength(keys);
  }
});

test("a project goes with its finals, waiting and rejected ones, and the look-ups forget it", async () => {
  const { local, submissions, objects, forgotten } = await createSubject({
    hub: {
      async findProjectId(id) {
        if (id === analysisId) return projectId;
        return id === other ? crypto.randomUUID() : undefined;
      },
    },
  });
  const add = async (analysis: string, project?: string) => {
    const added = newSubmission({ analysisId: analysis, projectId: project });
    await objects.put(submissionKey(added.id), new Blob(["x"]).stream(), { contentType: "a/b", filename: "x" });
    await submissions.add(added, lease);
    return added.id;
  };
  // The third came in while the Hub was away; the fourth's analysis is known to nobody any more.
  const gone = [
    await add(analysisId, projectId),
    await add(analysisId, projectId),
    await add(analysisId),
    await add(crypto.randomUUID()),
  ];
  await submissions.markRejected(gone[0] ?? "", "me", "no");
  const stays = [await add(other), await add(other, crypto.randomUUID())];
  await local.store(analysisId, uploadOf("x", { tag: "t" }));
  await local.removeProject(projectId);
  expect(objects.keys()).toEqual(stays.map(submissionKey).sort());
  for (const id of gone) expect(await submissions.find(id)).toBeUndefined();
  expect(forgotten).toEqual([projectId]);
  expect(await submissions.listWithoutProject()).toEqual([]);
});

test("nothing is removed while the Hub has the project, or cannot tell whose a final is", async () => {
  const removed: string[] = [];
  const catalog = {
    removeProject: async (id: string) => {
      removed.push(id);
      return [];
    },
  };
  const exists = await createSubject({ catalog, hub: { projectExists: async () => true } });
  await expect(exists.local.removeProject(projectId)).rejects.toMatchObject({ code: "invalid_input" });
  const unsure = await createSubject({ catalog, hub: { findProjectId: () => Promise.reject(hubAway) } });
  await unsure.submissions.add(newSubmission(), lease);
  await expect(unsure.local.removeProject(projectId)).rejects.toBe(hubAway);
  expect(removed).toEqual([]);
});

test("on a full disk the objects go first, which makes room for removing the rows at the second try", async () => {
  const full = new AppError("storage_full", "There is no room left on this node");
  const order: string[] = [];
  const { local } = await createSubject({
    catalog: {
      async removeProject() {
        order.push("rows");
        if (order.length === 1) throw full;
        return [];
      },
    },
    objects: {
      async removeAll(prefix) {
        order.push(prefix);
        return 1;
      },
    },
  });
  await local.removeProject(projectId);
  expect(order).toEqual(["rows", `local/${projectId}/`, "rows", `local/${projectId}/`]);
});
