import { Database } from "bun:sqlite";
import { expect, test } from "bun:test";
import { join } from "node:path";
import { asOperators, formOf, startTestService, type TestService } from "../support/service.ts";
import { createAnswers } from "./answers.ts";
import { createWorld } from "./calls.ts";
import { loadDocument, routesOf } from "./document.ts";
import { type OperatorCall, operatorCalls, sessionCalls } from "./operator-calls.ts";

// Together these tests get every status out of every operation of operators that declares it.

const allRoutes = routesOf(loadDocument());
const routes = allRoutes.filter(({ operation: { tags } }) => tags.includes("Operators"));
const id = () => crypto.randomUUID();
const { withService, missing } = createAnswers();
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
    const takers = allRoutes.filter(
      ({ operation }) => operation.requestBody?.content["application/json"] !== undefined,
    );
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

test("that is all that the document declares for operators", () => {
  expect(missing(routes)).toEqual([]);
});
