import { Database } from "bun:sqlite";
import { afterAll, expect, test } from "bun:test";
import { spawnSync } from "node:child_process";
import { appendFileSync, mkdtempSync, rmSync, statfsSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openSqlite } from "../../src/database/sqlite-connection.ts";
import { createSqliteIdempotency } from "../../src/idempotency/sqlite-idempotency.ts";
import { connectRaw } from "../support/raw-http.ts";
import {
  asOperators,
  formOf,
  startTestService,
  type TestService,
  type TestServiceOptions,
} from "../support/service.ts";
import { type Call, createWorld, properCalls, type World } from "./calls.ts";
import { loadDocument, routesOf } from "./document.ts";

// Together these tests get every status out of every operation that declares it. That no operation answers with another one
// is seen to by the service's inspector, here and wherever else a service is tested.

const routes = routesOf(loadDocument());
const id = () => crypto.randomUUID();
const noWorld: World = { objectId: id(), hubFileId: id(), submissionId: id(), nodeId: id(), projectId: id() };

const answered = new Set<string>();
async function withService(options: TestServiceOptions, work: (service: TestService) => Promise<unknown>) {
  const service = await startTestService(options);
  try {
    await work(service);
  } finally {
    await service.stop();
    for (const answer of service.answered) answered.add(answer);
  }
}

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

// Needs the right to mount a file system of its own.
const folder = mkdtempSync(join(tmpdir(), "flame-result-full-"));
const isMounted = spawnSync("mount", ["-t", "tmpfs", "-o", "size=1m", "tmpfs", folder]).status === 0;
afterAll(() => {
  if (isMounted) spawnSync("umount", ["-l", folder]);
  rmSync(folder, { recursive: true, force: true });
});

/** Leaves not a block free. */
function fillDisk(filler: string): void {
  for (let { bavail, bsize } = statfsSync(folder); bavail > 0; { bavail, bsize } = statfsSync(folder)) {
    try {
      appendFileSync(filler, new Uint8Array(bavail * bsize));
    } catch (error) {
      if (!(error instanceof Error && "code" in error && error.code === "ENOSPC")) throw error;
      return;
    }
  }
}

test.if(isMounted)("a full disk is told", async () => {
  // A single message of more than a segment is set aside until it is known to be genuine.
  const env = { DATA_DIR: folder, CRYPTO__FRAMING: "single", CHUNK_SIZE: "4096" };
  await withService({ env }, async (service) => {
    const world = await createWorld(service);
    const body = formOf(["remote_node_id", world.nodeId], ["file", new File(["x".repeat(20_000)], "x")]);
    const sent = await service.fetch("1", "/intermediate", { method: "PUT", body });
    const tagged = formOf(["tag", "t"], ["file", new File(["x"], "x")]);
    await service.fetch("3", "/local", { method: "PUT", body: tagged });
    const { pathname } = new URL(((await sent.json()) as { url: string }).url);
    await service.hub.removeProject(world.projectId);
    const filler = join(folder, "filler");
    // What the migrations have made of the write-ahead log would be room for what comes.
    const database = new Database(join(folder, "catalog.sqlite"));
    database.run("pragma wal_checkpoint(truncate)");
    database.close();
    const read = `${pathname}?remote_node_id=${world.nodeId}`;
    try {
      // One after the other: what a call that fails gives back would be room for another one.
      for (const operationId of findAble(507)) {
        fillDisk(filler);
        const answer = await answerTo(service, world, operationId, (call) => {
          // A tag that the object has already takes no room.
          const path = call.path.startsWith("/intermediate/") ? read : call.path.replace("a-tag", "another-tag");
          return { ...call, path };
        });
        expect(answer).toEqual([operationId, 507]);
      }
    } finally {
      // The database needs room to be closed.
      rmSync(filler);
    }
  });
});

test("a Hub that hangs is given up", async () => {
  await withService({ env: { FINAL__QUEUE: "0" } }, async (service) => {
    service.hub.fail({ path: /./ }, { kind: "hang" });
    await expectFromAll(504, service, noWorld);
  });
}, 30_000);

interface OperatorCall {
  readonly method?: string;
  readonly path: string;
  readonly json?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** By operation id; whoever asks is an operator by their token. */
const operatorCalls: Readonly<Record<string, OperatorCall>> = {
  getOperatorSession: { path: "/operator/session" },
  getOperatorOverview: { path: "/operator/overview" },
  listOperatorSubmissions: { path: "/operator/submissions" },
  retryOperatorSubmission: { method: "POST", path: `/operator/submissions/${id()}/retry` },
  dropOperatorSubmission: { method: "DELETE", path: `/operator/submissions/${id()}` },
  listOperatorPeers: { path: "/operator/peers" },
  trustOperatorPeer: {
    method: "POST",
    path: `/operator/peers/${id()}/trust`,
    json: { key_sha256: "0".repeat(64) },
  },
  forgetOperatorPeer: { method: "DELETE", path: `/operator/peers/${id()}` },
  listRecord: { path: "/operator/record" },
  exportRecord: { path: "/operator/record/export" },
  verifyRecord: { path: "/operator/record/verify" },
  getOperatorUsage: { path: "/operator/usage" },
  previewRetention: { path: "/operator/retention/preview" },
  listReleases: { path: "/operator/releases" },
  getRelease: { path: `/operator/releases/${id()}` },
  getReleaseContent: { path: `/operator/releases/${id()}/content` },
  approveRelease: { method: "POST", path: `/operator/releases/${id()}/approve`, json: { sha256: "x" } },
  declineRelease: { method: "POST", path: `/operator/releases/${id()}/decline`, json: { sha256: "x", reason: "no" } },
  decideReleases: {
    method: "POST",
    path: "/operator/releases/decisions",
    json: { decisions: [{ submission_id: id(), decision: "approve", sha256: "x" }] },
  },
  listBudgets: { path: "/operator/budgets" },
  getProjectBudget: { path: `/operator/budgets/${id()}` },
  setProjectBudget: { method: "PUT", path: `/operator/budgets/${id()}`, json: { epsilon: "1", reason: "agreed" } },
};
const sessionCalls: Readonly<Record<string, OperatorCall>> = {
  openOperatorSession: { method: "POST", path: "/operator/session", json: { ticket: "t" } },
  endOperatorSession: { method: "DELETE", path: "/operator/session" },
  getOperatorSignInOptions: { path: "/operator/sign-in/options" },
  beginOperatorSignIn: { path: "/operator/sign-in" },
  finishOperatorSignIn: { path: "/operator/sign-in/callback" },
};
const operatorEnv = { OPERATOR__CLIENT_IDS: "hub-adapter", RECORD__ENABLED: "1" };

async function ask(
  service: TestService,
  { method = "GET", path, json, headers = {} }: OperatorCall,
  authorization = "",
) {
  const content = json === undefined ? {} : { body: JSON.stringify(json) };
  const type = json === undefined ? {} : { "content-type": "application/json" };
  const who = authorization === "" ? {} : { authorization };
  const init = { method, headers: { ...type, ...who, ...headers }, redirect: "manual", ...content } as const;
  const response = await fetch(`${service.url}${path}`, init);
  await response.body?.cancel();
  return response.status;
}

test("operators are answered as the document says", async () => {
  await withService({ env: operatorEnv }, async (service) => {
    const operator = `Bearer ${await service.token("adapter")}`;
    const analysis = `Bearer ${await service.token("1")}`;
    for (const [name, call] of Object.entries(operatorCalls)) {
      const isOfOne = /\/(?:submissions|peers|releases)\//.test(call.path);
      expect([name, await ask(service, call, operator)]).toEqual([name, isOfOne ? 404 : 200]);
      expect([name, await ask(service, call)]).toEqual([name, 401]);
      expect([name, await ask(service, call, analysis)]).toEqual([name, 403]);
      const spoilt = /[0-9a-f-]{36}/.test(call.path)
        ? call.path.replace(/[0-9a-f]{8}-[0-9a-f-]{27}/, "42")
        : `${call.path}?limit=0&head=x&format=x`;
      const takesAny = routes.some(({ operation }) => operation.operationId === name && "422" in operation.responses);
      const json = call.json === undefined ? {} : { json: {} };
      if (takesAny)
        expect([name, await ask(service, { ...call, ...json, path: spoilt }, operator)]).toEqual([name, 422]);
    }
    const site = { "sec-fetch-site": "cross-site" };
    expect(await ask(service, { ...sessionCalls.openOperatorSession, path: "/operator/session", headers: site })).toBe(
      403,
    );
    expect(await ask(service, { method: "DELETE", path: "/operator/session", headers: site })).toBe(403);
    expect(await ask(service, { method: "DELETE", path: "/operator/session" })).toBe(204);
    expect(await ask(service, { path: "/operator/sign-in/options" })).toBe(200);
    expect(await ask(service, { path: "/operator/sign-in" })).toBe(404);
    expect(await ask(service, { path: "/operator/sign-in/callback" })).toBe(404);
    const open = (json: unknown) => ask(service, { method: "POST", path: "/operator/session", json });
    expect(await open({})).toBe(422);
    const database = new Database(join(service.dataDir ?? "", "catalog.sqlite"));
    const hash = new Bun.CryptoHasher("sha256").update("ticket").digest("hex");
    database.run("insert into operator_ticket values (?, 'Ada', ?)", [hash, Date.now() + 60_000]);
    database.close();
    expect(await open({ ticket: "ticket" })).toBe(204);
    expect(await open({ ticket: "ticket" })).toBe(401);
    for (let attempt = 0; attempt < 20; attempt += 1) await open({ ticket: "guess" });
    expect(await open({ ticket: "guess" })).toBe(429);
  });
});

test("JSON that is none, is not said to be, or is too large is refused wherever JSON is taken", async () => {
  await withService({ env: asOperators }, async (service) => {
    const takers = routes.filter(({ operation }) => operation.requestBody?.content["application/json"] !== undefined);
    const answers = takers.map(async ({ method, path, operation }) => {
      const send = async (type: string, body: string | ReadableStream) => {
        const init = { method, headers: { "content-type": type }, body };
        const response = await service.fetch("operator", path.replace(/\{\w+\}/g, id), init);
        await response.body?.cancel();
        return response.status;
      };
      const type = "application/json; charset=utf-8";
      const large = `"${"x".repeat(1_048_576)}"`;
      const statuses = [
        await send(type, "{"),
        await send(type, large),
        await send(type, new Blob([large]).stream()),
        await send("text/plain", "{}"),
      ];
      return [operation.operationId, ...statuses];
    });
    expect(await Promise.all(answers)).toEqual(
      takers.map(({ operation }) => [operation.operationId, 400, 413, 413, 415]),
    );
  });
});

test("operators may retry and drop what waits, and not what is delivered", async () => {
  await withService({ env: operatorEnv }, async (service) => {
    const operator = `Bearer ${await service.token("adapter")}`;
    const change = async (submissionId: string) => {
      const path = `/operator/submissions/${submissionId}`;
      const retried = await ask(service, { method: "POST", path: `${path}/retry` }, operator);
      return [retried, await ask(service, { method: "DELETE", path }, operator)];
    };
    const { submissionId } = await createWorld(service);
    const database = new Database(join(service.dataDir ?? "", "catalog.sqlite"));
    const set = (state: string, leaseUntil: number | null) => {
      const values = [state, leaseUntil, submissionId];
      database.run("update submission set state = ?, lease_until = ?, lease_holder = 'x' where id = ?", values);
    };
    set("delivering", Date.now() + 60_000);
    expect(await change(submissionId)).toEqual([409, 409]);
    set("rejected", null);
    expect(await change(submissionId)).toEqual([204, 204]);
    database.close();
  });
});

test("operators may trust the key that waits, and no other, and forget a peer", async () => {
  await withService({ env: operatorEnv }, async (service) => {
    const operator = `Bearer ${await service.token("adapter")}`;
    const path = `/operator/peers/${service.peerNodeId}`;
    const [known, waiting] = ["1".repeat(64), "2".repeat(64)];
    const database = new Database(join(service.dataDir ?? "", "catalog.sqlite"));
    database.run("insert into peer values (?, ?, ?, null, null, 0, 0)", [service.peerNodeId, known, waiting]);
    database.close();
    const trust = (key: string) =>
      ask(service, { method: "POST", path: `${path}/trust`, json: { key_sha256: key } }, operator);
    expect([await trust(known), await trust(waiting), await trust(waiting)]).toEqual([412, 204, 409]);
    const forget = { method: "DELETE", path };
    expect([await ask(service, forget, operator), await ask(service, forget, operator)]).toEqual([204, 404]);
  });
});

test("operators decide on what is held, once, and by its bytes", async () => {
  await withService({ env: { ...operatorEnv, RELEASE__REVIEW: "all" } }, async (service) => {
    const operator = `Bearer ${await service.token("adapter")}`;
    const submit = async () => {
      const body = formOf(["file", new File(["held"], "held.txt")]);
      const answer = await service.fetch("1", "/final", { method: "PUT", body });
      return ((await answer.json()) as { submission_id: string }).submission_id;
    };
    const sha256 = new Bun.CryptoHasher("sha256").update("held").digest("hex");
    const [approved, declined] = [await submit(), await submit()];
    const decide = (of: string, what: string, hash = sha256) => {
      const call = { method: "POST", path: `/operator/releases/${of}/${what}`, json: { sha256: hash, reason: "no" } };
      return ask(service, call, operator);
    };
    const decideAll = (hash = sha256) => {
      const decision = { submission_id: approved, decision: "approve", sha256: hash };
      const call = { method: "POST", path: "/operator/releases/decisions", json: { decisions: [decision] } };
      return ask(service, call, operator);
    };
    for (const path of [approved, `${approved}/content`]) {
      expect(await ask(service, { path: `/operator/releases/${path}` }, operator)).toBe(200);
    }
    for (const what of ["approve", "decline"]) expect(await decide(approved, what, "another")).toBe(412);
    expect(await decideAll("another")).toBe(412);
    expect([await decideAll(), await decideAll()]).toEqual([200, 409]);
    expect([await decide(declined, "decline"), await decide(declined, "decline")]).toEqual([200, 409]);
    const third = await submit();
    expect([await decide(third, "approve"), await decide(third, "approve")]).toEqual([200, 409]);
  });
});

test("operators are told what fails behind the service, and where to sign in", async () => {
  const provider = { OPERATOR__OIDC_ISSUER: "http://127.0.0.1:1", OPERATOR__OIDC_CLIENT_ID: "console" };
  await withService({ env: { ...operatorEnv, ...provider } }, async (service) => {
    const operator = `Bearer ${await service.token("adapter")}`;
    expect(await ask(service, { path: "/operator/sign-in" })).toBe(502);
    expect(await ask(service, { path: "/operator/sign-in/callback" })).toBe(303);
    for (let attempt = 0; attempt < 21; attempt += 1) {
      await ask(service, { path: "/operator/sign-in" });
      await ask(service, { path: "/operator/sign-in/callback" });
    }
    const database = new Database(join(service.dataDir ?? "", "catalog.sqlite"));
    await ask(service, { path: "/operator/session" }, operator);
    for (const name of [
      "operator_session",
      "operator_ticket",
      "record_entry",
      "submission",
      "traffic",
      "peer",
      "retention_state",
      "privacy_budget",
    ]) {
      database.run(`alter table "${name}" rename to "gone_${name}"`);
    }
    database.close();
    const session = { cookie: "flame_operator=x", "sec-fetch-site": "same-origin" };
    for (const [name, call] of Object.entries({ ...operatorCalls, ...sessionCalls })) {
      if (name.includes("SignIn")) continue;
      const way = name === "getOperatorSession" || name === "endOperatorSession" ? { headers: session } : {};
      const token = "headers" in way ? "" : operator;
      expect([name, await ask(service, { ...call, ...way }, token)]).toEqual([name, 503]);
    }
  });
  await withService({ env: operatorEnv }, async (service) => {
    service.identity.fault = "refuse";
    const operator = `Bearer ${await service.token("adapter")}`;
    for (const [name, call] of Object.entries(operatorCalls)) {
      expect([name, await ask(service, call, operator)]).toEqual([name, 502]);
    }
  });
});

test("without operators none of their routes is there", async () => {
  await withService({}, async (service) => {
    for (const [name, call] of Object.entries({ ...operatorCalls, ...sessionCalls })) {
      expect([name, await ask(service, call)]).toEqual([name, 404]);
    }
  });
});

test("the sandbox's provider is where an operator goes to sign in", async () => {
  const identity = await startTestService();
  const provider = { OPERATOR__OIDC_ISSUER: identity.identityUrl, OPERATOR__OIDC_CLIENT_ID: "console" };
  await withService({ env: { ...operatorEnv, ...provider } }, async (service) => {
    expect(await ask(service, { path: "/operator/sign-in" })).toBe(303);
  });
  await identity.stop();
});

test("that is all that the document declares", () => {
  const declared = routes.flatMap(({ operation }) =>
    Object.keys(operation.responses).map((status) => `${operation.operationId} ${status}`),
  );
  expect(declared.filter((answer) => !answered.has(answer) && (isMounted || !answer.endsWith(" 507")))).toEqual([]);
});
