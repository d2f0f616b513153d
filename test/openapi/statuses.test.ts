import { Database } from "bun:sqlite";
import { afterAll, expect, test } from "bun:test";
import { join } from "node:path";
import { openSqlite } from "../../src/database/sqlite-connection.ts";
import { createSqliteIdempotency } from "../../src/idempotency/sqlite-idempotency.ts";
import { connectRaw } from "../support/raw-http.ts";
import { formOf, type TestService } from "../support/service.ts";
import { mountSmallDisk } from "../support/small-disk.ts";
import { createAnswers } from "./answers.ts";
import { type Call, createWorld, properCalls, type World } from "./calls.ts";
import { loadDocument, routesOf } from "./document.ts";

// Together these tests get every status out of every operation that declares it; `operator-statuses.test.ts` does it for the
// operations of operators. The service's inspector sees to it, here and wherever else a service is tested, that no operation
// answers with another status.

const routes = routesOf(loadDocument());
const { withService, missing } = createAnswers();
const id = () => crypto.randomUUID();
const noWorld: World = { objectId: id(), hubFileId: id(), submissionId: id(), nodeId: id(), projectId: id() };

/** The operations with a token that declare the status, but those of operators. */
function findAble(status: number): string[] {
  const able = routes.filter(({ operation: { responses, security, tags } }) => {
    return security !== undefined && String(status) in responses && !tags.includes("Operators");
  });
  return able.map(({ operation }) => operation.operationId);
}

async function answerTo(service: TestService, world: World, operationId: string, spoil = (call: Call) => call) {
  const call = properCalls(world)[operationId]?.();
  if (call === undefined) return [operationId, "has no proper call"];
  const { as, path, init } = spoil(call);
  const response = await service.fetch(as, path, init);
  await response.body?.cancel();
  return [operationId, response.status];
}

/** Calls all operations with a token that declare the status at once, each in the same unlucky way. */
async function expectFromAll(status: number, service: TestService, world: World, spoil?: (call: Call) => Call) {
  const able = findAble(status);
  const answers = await Promise.all(able.map((operationId) => answerTo(service, world, operationId, spoil)));
  expect(answers).toEqual(able.map((operationId) => [operationId, status]));
}

test("proper requests succeed", async () => {
  await withService({}, async (service) => {
    const world = await createWorld(service);
    await service.hub.removeProject(world.projectId);
    for (const [operationId, makeCall] of Object.entries(properCalls(world))) {
      const { as, path, init } = makeCall();
      const response = await service.fetch(as, path, init);
      expect([operationId, response.ok]).toEqual([operationId, true]);
      await response.body?.cancel();
    }
  });
});

test("finals wait for a Hub that is away", async () => {
  await withService({}, async (service) => {
    service.hub.fail({ path: /\/upload$/ }, { kind: "status", status: 503 });
    await expectFromAll(202, service, noWorld);
  });
});

test("a name that the Hub has already is a conflict", async () => {
  await withService({}, async (service) => {
    const [epsilon, sensitivity] = [["epsilon", "1"] as const, ["sensitivity", "1"] as const];
    const form = () => formOf(epsilon, sensitivity, ["file", new File([`${Math.random()}`], "taken.txt")]);
    await service.fetch("1", "/final", { method: "PUT", body: form() });
    for (const path of ["/final", "/final/localdp"]) {
      expect((await service.fetch("1", path, { method: "PUT", body: form() })).status).toBe(409);
    }
  });
});

test("a key whose request is still under way is a conflict", async () => {
  await withService({}, async (service) => {
    const sqlite = openSqlite(join(service.dataDir ?? "", "catalog.sqlite"));
    const store = createSqliteIdempotency(sqlite, Date.now);
    for (const { method, path } of routes) {
      const scope = { analysisId: service.analyses[0], route: `${method} ${path}`, key: "k" };
      await store.claim(scope, { holder: id(), leaseMs: 60_000 }, id(), 60_000);
    }
    await sqlite.close();
    const headers = { "idempotency-key": "k" };
    await expectFromAll(409, service, noWorld, ({ path, init }) => ({ as: "1", path, init: { ...init, headers } }));
  });
});

test("a file is read in parts, or not at all if it is known", async () => {
  await withService({}, async (service) => {
    const { objectId } = await createWorld(service);
    const read = (headers: Record<string, string>) => service.fetch("1", `/local/${objectId}`, { headers });
    const etag = (await read({})).headers.get("etag") ?? "";
    expect((await read({ range: "bytes=0-1" })).status).toBe(206);
    expect((await read({ range: "bytes=99-" })).status).toBe(416);
    expect((await read({ "if-none-match": etag })).status).toBe(304);
    expect((await read({ "if-match": '"another"' })).status).toBe(412);
    expect((await read({ range: "bytes=0-1", "if-range": '"another"' })).status).toBe(200);
  });
});

test("a request needs a token, and a good one", async () => {
  await withService({}, async (service) => {
    for (const [status, authorization] of [
      [401, ""],
      [403, "Bearer x"],
    ] as const) {
      await expectFromAll(status, service, noWorld, (call) => ({
        ...call,
        init: { ...call.init, headers: { authorization } },
      }));
    }
  });
});

test("a request needs its ids, and its form a file", async () => {
  await withService({}, async (service) => {
    await expectFromAll(422, service, noWorld, ({ as, path, init }) => ({
      as,
      path: path.replace(/[0-9a-f]{8}-[0-9a-f-]{27}/g, "42"),
      init: init.body === undefined ? init : { ...init, body: formOf(["tag", "t"]) },
    }));
  });
});

test("what does not exist is not found", async () => {
  await withService({}, (service) => expectFromAll(404, service, noWorld, (call) => ({ ...call, as: "nobody" })));
});

test("what makes no sense is refused", async () => {
  await withService({}, async (service) => {
    const world = { ...(await createWorld(service)), projectId: service.projects[0] };
    service.hub.setNodeKey(world.nodeId, null);
    const number = ["file", new File(["not a number"], "x")] as const;
    const body = () =>
      formOf(["tag", "A Tag"], ["remote_node_id", world.nodeId], ["epsilon", "1"], ["sensitivity", "1"], number);
    await expectFromAll(400, service, world, ({ as, path, init }) => ({
      as,
      path: path.includes("?") ? path.replace("a-tag", "A") : `${path}?remote_node_id=${world.nodeId}`,
      // A plain final has nothing that could make no sense but the way it is written.
      init:
        init.body === undefined
          ? init
          : path === "/final"
            ? { ...init, headers: { "content-type": "multipart/form-data" } }
            : { ...init, body: body() },
    }));
  });
});

test("a compressed form is not taken", async () => {
  await withService({}, async (service) => {
    await expectFromAll(415, service, noWorld, (call) => ({
      ...call,
      init: { ...call.init, headers: { "content-encoding": "gzip" } },
    }));
  });
});

test("uploads may be too large, and clients too slow", async () => {
  await withService({ stallMs: 100, env: { SERVER__MAX_UPLOAD_BYTES: "1" } }, async (service) => {
    await expectFromAll(413, service, noWorld, (call) => {
      const large = ["file", new File(["x".repeat(2000)], "x")] as const;
      return { ...call, init: { ...call.init, body: formOf(["epsilon", "1"], ["sensitivity", "1"], large) } };
    });
    const slow = routes.filter(({ operation }) => "408" in operation.responses);
    for (const { method, path } of slow) {
      const client = await connectRaw(service.url);
      const head = `${method} ${path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${await service.token("1")}\r\n`;
      const form =
        'Content-Length: 999\r\nContent-Type: multipart/form-data; boundary=b\r\n\r\n--b\r\nContent-Disposition: form-data; name="file"; filename="x"\r\n\r\n1';
      await client.send(head + form);
      expect(await client.until(/\r\n\r\n/)).toStartWith("HTTP/1.1 408 ");
      client.close();
    }
  });
});

test("without the identity provider's keys nothing can be judged", async () => {
  await withService({}, async (service) => {
    service.identity.fault = "refuse";
    expect((await service.fetch("1", "/readyz")).status).toBe(503);
    await expectFromAll(502, service, noWorld);
  });
});

test("a database that fails is told", async () => {
  // Without a record, nothing that goes through the Hub needs the database.
  await withService({ env: { RECORD__ENABLED: "1" } }, async (service) => {
    const { objectId, hubFileId, nodeId } = await createWorld(service);
    const database = new Database(join(service.dataDir ?? "", "catalog.sqlite"));
    const tables = database.query<{ name: string }, []>("select name from sqlite_master where type = 'table'").all();
    for (const { name } of tables) {
      if (!name.startsWith("sqlite_")) database.run(`alter table "${name}" rename to "gone_${name}"`);
    }
    database.close();
    await expectFromAll(503, service, { ...noWorld, objectId, hubFileId, nodeId });
  });
});

const disk = mountSmallDisk(1);
afterAll(() => disk?.remove());

test.skipIf(disk === undefined)("a full disk is told", async () => {
  if (disk === undefined) throw new Error("nothing is mounted");
  // A single message of more than a segment is set aside until it is known to be genuine.
  const env = { DATA_DIR: disk.path, CRYPTO__FRAMING: "single", CHUNK_SIZE: "4096" };
  await withService({ env }, async (service) => {
    const world = await createWorld(service);
    const body = formOf(["remote_node_id", world.nodeId], ["file", new File(["x".repeat(20_000)], "x")]);
    const sent = await service.fetch("1", "/intermediate", { method: "PUT", body });
    const tagged = formOf(["tag", "t"], ["file", new File(["x"], "x")]);
    await service.fetch("3", "/local", { method: "PUT", body: tagged });
    const { pathname } = new URL(((await sent.json()) as { url: string }).url);
    await service.hub.removeProject(world.projectId);
    // What the migrations have made of the write-ahead log would be room for what comes.
    const database = new Database(join(disk.path, "catalog.sqlite"));
    database.run("pragma wal_checkpoint(truncate)");
    database.close();
    const read = `${pathname}?remote_node_id=${world.nodeId}`;
    try {
      // One after the other: what a call that fails gives back would be room for another one.
      for (const operationId of findAble(507)) {
        disk.fill();
        const answer = await answerTo(service, world, operationId, (call) => {
          // A tag that the object has already takes no room.
          const path = call.path.startsWith("/intermediate/") ? read : call.path.replace("a-tag", "another-tag");
          return { ...call, path };
        });
        expect(answer).toEqual([operationId, 507]);
      }
    } finally {
      // The database needs room to be closed.
      disk.empty();
    }
  });
});

test("a Hub that hangs is given up", async () => {
  await withService({ env: { FINAL__QUEUE: "0" } }, async (service) => {
    service.hub.fail({ path: /./ }, { kind: "hang" });
    await expectFromAll(504, service, noWorld);
  });
}, 30_000);

test("that is all that the document declares for clients and probes", () => {
  const declared = missing(routes.filter(({ operation: { tags } }) => !tags.includes("Operators")));
  expect(declared.filter((answer) => disk !== undefined || !answer.endsWith(" 507"))).toEqual([]);
});
