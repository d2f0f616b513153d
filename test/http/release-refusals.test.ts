import { afterAll, beforeAll, expect, test } from "bun:test";
import { type Gate, gateEnv, hashOf, openGate } from "../release/gate.ts";
import { asOperators, startTestService, type TestService } from "../support/service.ts";

let service: TestService;
let gate: Gate;
beforeAll(async () => {
  service = await startTestService({ env: { ...gateEnv, ...asOperators, RELEASE__REVIEWERS: "2" } });
  gate = openGate(service);
});
afterAll(() => service.stop());

const unknownId = "5e0f7a52-7e43-4a6c-8b0b-0d6f2f1c9a77";
async function problemOf(answer: Response): Promise<readonly unknown[]> {
  const { detail } = (await answer.json()) as { detail: { type: string; loc: string[] }[] | string };
  return typeof detail === "string" ? [answer.status, detail] : [answer.status, detail[0]?.type, detail[0]?.loc];
}

test.each<readonly [Record<string, unknown>, readonly unknown[]]>([
  [{}, [422, "missing", ["body", "sha256"]]],
  [{ sha256: "" }, [422, "too_small", ["body", "sha256"]]],
  [{ sha256: 7 }, [422, "invalid_type", ["body", "sha256"]]],
  [{ sha256: "zz" }, [412, "The file is not the one you looked at."]],
  [{ sha256: hashOf("odd"), reason: 3 }, [422, "invalid_type", ["body", "reason"]]],
])("an approval with %j is refused, and nothing is decided", async (body, expected) => {
  const id = await gate.submit("odd");
  expect(await problemOf(await gate.ask("POST", `/${id}/approve`, body))).toEqual(expected);
  expect(await gate.statusOf(id)).toMatchObject({ status: "held" });
});

test.each([undefined, null, "", " \n"])("to decline for the reason %j is refused", async (reason) => {
  const id = await gate.submit("unreasoned");
  const body = { sha256: hashOf("unreasoned"), reason };
  const expected = [422, "missing", ["body", "reason"]];
  const [status, type, loc] = await problemOf(await gate.ask("POST", `/${id}/decline`, body));
  expect([status, reason === null ? "missing" : type, loc]).toEqual(expected);
  const decisions = [{ submission_id: id, decision: "decline", ...body }];
  const inList = await problemOf(await gate.ask("POST", "/decisions", { decisions }));
  expect(inList).toEqual([422, "missing", ["body", "decisions", "0", "reason"]]);
});

test("an approval may leave its reason out or empty", async () => {
  const names = ["ada", "bob"];
  for (const [index, reason] of [null, ""].entries()) {
    const id = await gate.submit(`reason ${index}`);
    for (const name of names) expect((await gate.decide(id, "approve", { reason }, name)).status).toBe(200);
  }
});

test("a list with an unknown one, the same one twice, none or nonsense decides nothing", async () => {
  const id = await gate.submit("listed");
  const approval = { submission_id: id, decision: "approve", sha256: hashOf("listed") };
  const decide = async (...decisions: unknown[]) => problemOf(await gate.ask("POST", "/decisions", { decisions }));
  expect(await decide(approval, { ...approval, submission_id: unknownId })).toEqual([
    404,
    `Submission with ID ${unknownId} does not exist`,
  ]);
  const [status, text] = await decide(approval, approval);
  expect([status, text]).toEqual([
    409,
    expect.stringMatching(new RegExp(`^Submission ${id} was already approved by ada at `)),
  ]);
  expect((await decide())[0]).toBe(422);
  expect((await decide({ ...approval, decision: "approved" }))[0]).toBe(422);
  expect((await decide({ ...approval, submission_id: "1" }))[0]).toBe(422);
  expect((await decide(...Array(201).fill(approval)))[0]).toBe(422);
  const { decisions } = (await gate.details(id)) as unknown as { decisions: unknown[] };
  expect(decisions).toEqual([]);
});

test("one person under two names is one", async () => {
  const id = await gate.submit("twice");
  expect((await gate.decide(id, "approve")).status).toBe(200);
  for (const name of ["ADA", " ada ", "a\u200bda", "ａｄａ"]) {
    expect((await gate.decide(id, "approve", {}, name)).status).toBe(409);
  }
  expect(await gate.statusOf(id)).toMatchObject({ status: "held" });
});

test("what is held cannot be dropped from the queue without a reason: it takes a decision", async () => {
  const id = await gate.submit("kept");
  const answer = await service.fetch("operator", `/operator/submissions/${id}`, { method: "DELETE" });
  expect([answer.status, await answer.json()]).toEqual([
    409,
    { detail: `Submission with ID ${id} is held until operators decide.` },
  ]);
  expect(await gate.statusOf(id)).toMatchObject({ status: "held" });
  await gate.decide(id, "decline", { reason: "no" });
  expect((await service.fetch("operator", `/operator/submissions/${id}`, { method: "DELETE" })).status).toBe(204);
});

test.each(["status=nope", "limit=0", "limit=201", "limit=x", "cursor=x", "project_id=x", "analysis_id=1", "order=up"])(
  "a list asked for by %s is refused",
  async (query) => {
    const [status, , loc] = await problemOf(await gate.ask("GET", `?${query}`));
    expect([status, loc]).toEqual([422, ["query", query.replace(/=.*/, "")]]);
  },
);

test("who approves and declines the same one in one list has declined it, and the log tells both", async () => {
  const id = await gate.submit("both");
  const approval = { submission_id: id, decision: "approve", sha256: hashOf("both") };
  const decisions = [approval, { ...approval, decision: "decline", reason: "second thoughts" }];
  expect((await gate.ask("POST", "/decisions", { decisions })).status).toBe(200);
  expect(await gate.statusOf(id)).toMatchObject({ last_error: "Declined by the node: second thoughts" });
  const logged = service.logLines.filter(({ event, fields }) => event.startsWith("final.") && fields.objectId === id);
  const events = logged.map(({ event }) => event);
  expect(events).toEqual(["final.submitted", "final.held", "final.approved", "final.declined"]);
});
