import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { hashToken } from "../../src/app/operator-services.ts";
import { openSqlite } from "../../src/database/sqlite-connection.ts";
import { openBeside } from "../support/beside.ts";
import { asOperators, formOf, startTestService, type TestService } from "../support/service.ts";

const sameOrigin = { "sec-fetch-site": "same-origin" };

/** As `flame-result console` does beside the running service. */
async function printTicket(service: TestService): Promise<string> {
  const beside = openBeside(service);
  const ticket = crypto.randomUUID();
  await beside.operators.addTicket(hashToken(ticket), "Ada").finally(beside.close);
  return ticket;
}

async function redeem({ url }: TestService, ticket: string, headers: Record<string, string> = {}) {
  const body = JSON.stringify({ ticket });
  const init = { method: "POST", headers: { "content-type": "application/json", ...headers }, body };
  const answer = await fetch(`${url}/operator/session`, init);
  return { answer, cookie: answer.headers.get("set-cookie")?.split(";")[0] ?? "" };
}

describe("with operators", () => {
  let service: TestService;
  let session: string;

  beforeAll(async () => {
    service = await startTestService({
      env: { ...asOperators, RECORD__ENABLED: "1" },
    });
    session = (await redeem(service, await printTicket(service))).cookie;
  });
  afterAll(() => service.stop());

  test("a ticket works once, and its cookie is for the browser's operator pages alone", async () => {
    const ticket = await printTicket(service);
    expect((await redeem(service, ticket, { "sec-fetch-site": "cross-site" })).answer.status).toBe(403);
    const { answer } = await redeem(service, ticket, sameOrigin);
    expect(answer.status).toBe(204);
    expect(answer.headers.get("set-cookie")).toMatch(/; Path=\/operator; Expires=[^;]+; HttpOnly; SameSite=Strict$/);
    const again = await redeem(service, ticket);
    expect(again.answer.status).toBe(401);
    expect(await again.answer.json()).toEqual({ detail: "The link was used, is too old, or is not ours." });
    expect((await redeem(service, hashToken(ticket))).answer.status).toBe(401);
  });

  test("a session says who is signed in, and has ended after the sign-out", async () => {
    const { cookie } = await redeem(service, await printTicket(service));
    const ask = () => fetch(`${service.url}/operator/session`, { headers: { cookie } });
    expect(await (await ask()).json()).toMatchObject({ name: "Ada", kind: "console" });
    const signOut = { method: "DELETE", headers: { cookie, ...sameOrigin } };
    expect((await fetch(`${service.url}/operator/session`, signOut)).status).toBe(204);
    expect((await ask()).status).toBe(401);
  });

  test("neither a ticket nor a session's token is in the log or in the database", async () => {
    const ticket = await printTicket(service);
    const { cookie } = await redeem(service, ticket);
    const token = cookie.split("=")[1] ?? "";
    await fetch(`${service.url}/operator/session`, { headers: { cookie } });
    const sqlite = openSqlite(`${service.dataDir}/catalog.sqlite`);
    const rows = await sqlite.run((db) => db.all("select * from operator_session")).finally(sqlite.close);
    const seen = JSON.stringify([service.logLines, rows]);
    expect(rows.length).toBeGreaterThan(0);
    expect(seen).not.toContain(ticket);
    expect(seen).not.toContain(token);
  });

  test("what left the node is on record, without its name, and the chain is whole", async () => {
    const [analysis] = service.analyses;
    const file = new File(["For node B only"], "secret name.txt");
    const form = formOf(["remote_node_id", service.peerNodeId], ["file", file]);
    const sent = await service.fetch("1", "/intermediate", { method: "PUT", body: form });
    const { object_id: objectId } = (await sent.json()) as { object_id: string };
    const submitted = await service.fetch("1", "/final", { method: "PUT", body: formOf(["file", file]) });
    expect(submitted.status).toBe(204);
    const list = async (query: string) => {
      const answer = await fetch(`${service.url}/operator/record?${query}`, { headers: { cookie: session } });
      return (await answer.json()) as { items: Record<string, unknown>[]; next_cursor: string | null; total: number };
    };
    const { items } = await list("event=intermediate.sent");
    expect(items[0]).toMatchObject({
      actor: analysis,
      analysis_id: analysis,
      object_id: objectId,
      peer_node_id: service.peerNodeId,
      bytes: 15,
      sha256: new Bun.CryptoHasher("sha256").update("For node B only").digest("hex"),
      request_id: sent.headers.get("x-request-id"),
      outcome: "ok",
    });
    const finals = (await list(`analysis_id=${analysis}&limit=2`)).items.map(({ event }) => event);
    expect(finals).toEqual(["final.delivered", "final.submitted"]);
    const first = await list("limit=1");
    expect((await list(`limit=1&cursor=${first.next_cursor}`)).items[0]?.sequence).toBe(
      Number(first.items[0]?.sequence) - 1,
    );
    const verified = await fetch(`${service.url}/operator/record/verify`, { headers: { cookie: session } });
    expect(await verified.json()).toMatchObject({ intact: true, first_sequence: 1, broken: null });
    const exported = await fetch(`${service.url}/operator/record/export?format=csv`, { headers: { cookie: session } });
    const text = await exported.text();
    expect(text).toContain(objectId);
    expect(text).not.toContain("secret name");
    expect(service.logLines).toContainEqual(
      expect.objectContaining({
        event: "record.sealed",
        fields: expect.objectContaining({
          sequence: expect.any(Number),
          head: expect.stringMatching(/^[0-9a-f]{64}$/),
        }),
      }),
    );
  });

  test("the overview shows the traffic, what waits and settings without secrets", async () => {
    const before = await overview();
    await service.fetch("1", "/local", { method: "PUT", body: formOf(["file", new File(["1234"], "a.txt")]) });
    const after = await overview();
    const lastHour = (seen: Overview) => seen.traffic.by_hour.at(-1)?.stored ?? { files: 0, bytes: 0 };
    expect(lastHour(after).files - lastHour(before).files).toBe(1);
    expect(lastHour(after).bytes - lastHour(before).bytes).toBe(4);
    expect([after.traffic.by_hour.length, after.traffic.by_day.length]).toEqual([24, 30]);
    expect(after).toMatchObject({
      readiness: { status: "ok" },
      queue: { pending: 0, rejected: 0 },
      record: { enabled: true },
    });
    expect(JSON.stringify(after)).not.toContain(String(service.environment.HUB__AUTH__SECRET));
  });

  interface Overview {
    traffic: Record<"by_hour" | "by_day", { stored: { files: number; bytes: number } }[]>;
  }
  async function overview(): Promise<Overview> {
    const answer = await fetch(`${service.url}/operator/overview`, { headers: { cookie: session } });
    return (await answer.json()) as Overview;
  }

  test("the twenty-first attempt to sign in within a minute is refused", async () => {
    const attempts = Array.from({ length: 25 }, () => redeem(service, "guess").then(({ answer }) => answer));
    const answers = await Promise.all(attempts);
    const refused = answers.filter(({ status }) => status === 429);
    expect(refused.length).toBeGreaterThanOrEqual(5);
    expect(refused[0]?.headers.get("retry-after")).toBe("60");
    expect((await fetch(`${service.url}/operator/record`, { headers: { cookie: session } })).status).toBe(200);
  });
});

test("without any setting the routes are there from the printing of a link to the end of its session", async () => {
  const service = await startTestService();
  const status = async (headers: Record<string, string> = {}) =>
    (await fetch(`${service.url}/operator/overview`, { headers })).status;
  expect(await status()).toBe(404);
  const ticket = await printTicket(service);
  expect(await status()).toBe(401);
  const { cookie } = await redeem(service, ticket);
  expect([await status({ cookie }), await status()]).toEqual([200, 401]);
  await fetch(`${service.url}/operator/session`, { method: "DELETE", headers: { cookie, ...sameOrigin } });
  expect(await status({ cookie })).toBe(404);
  await service.stop();
});
