import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { hashToken } from "../../src/app/operator-services.ts";
import { loadDocument, type Route, routesOf } from "../openapi/document.ts";
import { type Beside, openBeside } from "../support/beside.ts";
import { backends, isAvailable, startTestService, type TestService } from "../support/service.ts";

// Every route of operators that the document knows, so that a new one is held to all of this by itself.
const all = routesOf(loadDocument()).filter(({ path }) => path.startsWith("/operator"));
const guarded = all.filter(({ operation }) => operation.security !== undefined);
const changing = guarded.filter(({ method }) => method !== "GET");
const sameOrigin = { "sec-fetch-site": "same-origin" };

type Headers = Readonly<Record<string, string>>;

async function ask({ url }: TestService, { method, path, operation }: Route, headers: Headers) {
  const json = operation.requestBody?.content["application/json"] !== undefined;
  const answer = await fetch(`${url}${path.replace(/\{\w+\}/g, () => crypto.randomUUID())}`, {
    method,
    headers: { ...(json ? { "content-type": "application/json" } : {}), ...headers },
    redirect: "manual",
    ...(json ? { body: "{}" } : {}),
  });
  const text = await answer.text();
  const { detail } = answer.ok || text === "" ? {} : (JSON.parse(text) as { detail?: unknown });
  return { status: answer.status, detail, challenge: answer.headers.get("www-authenticate") };
}

const nameOf = ({ method, path }: Route) => `${method} ${path}`;

/** What a caller is answered who may ask: success, or that there is no such thing, or that something is to be told. */
function isAdmitted({ path }: Route, { status, detail }: Awaited<ReturnType<typeof ask>>): boolean {
  if (status === 404) return path.includes("{") && detail !== "Not Found";
  return (status >= 200 && status < 300) || status === 422;
}

test("the document tells which routes need an operator: all but those that sign in and out", () => {
  const open = all.filter((route) => !guarded.includes(route)).map(({ operation }) => operation.operationId);
  expect(open.sort()).toEqual([
    "beginOperatorSignIn",
    "endOperatorSession",
    "finishOperatorSignIn",
    "getOperatorSignInOptions",
    "openOperatorSession",
  ]);
  expect(guarded.length).toBeGreaterThan(7);
});

for (const backend of backends) {
  describe.skipIf(!isAvailable(backend))(`callers on ${backend} storage`, () => {
    let service: TestService;
    let beside: Beside;
    beforeAll(async () => {
      const roles = { OPERATOR__ROLES: "operator, chief", OPERATOR__ROLE_CLAIM: "realm_access.roles" };
      const env = { OPERATOR__CLIENT_IDS: "console, other", ...roles, RECORD__ENABLED: "1" };
      service = await startTestService({ backend, env });
      beside = openBeside(service);
    });
    afterAll(async () => {
      await beside?.close();
      await service?.stop();
    });

    async function bearer(clientId: string, claims: Record<string, unknown> = {}): Promise<Headers> {
      return { authorization: `Bearer ${await service.identity.token(clientId, { claims })}` };
    }

    async function printTicket(): Promise<string> {
      const ticket = crypto.randomUUID();
      await beside.operators.addTicket(hashToken(ticket), "Ada");
      return ticket;
    }

    const redeem = (ticket: string) =>
      fetch(`${service.url}/operator/session`, {
        method: "POST",
        headers: { "content-type": "application/json", ...sameOrigin },
        body: JSON.stringify({ ticket }),
      });

    async function signIn(): Promise<Headers> {
      const answer = await redeem(await printTicket());
      expect(answer.status).toBe(204);
      return { cookie: answer.headers.get("set-cookie")?.split(";")[0] ?? "" };
    }

    /** Signed in at another process, which this one hears of by the database alone. */
    async function signInElsewhere(): Promise<Headers> {
      const token = crypto.randomUUID();
      const session = { tokenHash: hashToken(token), name: "Bea", subject: "bea", kind: "oidc" } as const;
      await beside.operators.open(session);
      return { cookie: `flame_operator=${token}` };
    }

    async function signedOut(): Promise<Headers> {
      const headers = await signIn();
      await fetch(`${service.url}/operator/session`, { method: "DELETE", headers: { ...headers, ...sameOrigin } });
      return headers;
    }

    async function aged(column: "seen_at" | "ends_at", minutes: number): Promise<Headers> {
      const headers = await signIn();
      await beside.age("operator_session", column, minutes);
      return headers;
    }

    const noOperator = (clientId: string) => `Only operators are allowed to do this, got client ID '${clientId}'.`;

    test.each<[string, () => Promise<Headers>]>([
      ["an operator by client id", () => bearer("console")],
      ["an operator by role", () => bearer("somebody", { realm_access: { roles: ["a", "chief"] } })],
      ["a console session", signIn],
      ["a session that another process has opened", signInElsewhere],
      ["a session that has rested for 59 minutes", () => aged("seen_at", 59)],
      ["a session after 7 hours and 59 minutes", () => aged("ends_at", 479)],
    ])("%s may ask for everything", async (_, headersOf) => {
      const headers = { ...(await headersOf()), ...sameOrigin };
      for (const route of guarded) {
        const answer = await ask(service, route, headers);
        expect([nameOf(route), answer, isAdmitted(route, answer)]).toEqual([nameOf(route), answer, true]);
      }
    });

    test.each<[string, () => Promise<Headers>, number, (() => string) | string]>([
      ["nobody", async () => ({}), 401, "Not authenticated"],
      ["an analysis", () => bearer(service.analyses[0]), 403, () => noOperator(service.analyses[0])],
      ["the Hub Adapter", () => bearer("hub-adapter"), 403, noOperator("hub-adapter")],
      ["a wrong role", () => bearer("x", { realm_access: { roles: ["operators"] } }), 403, noOperator("x")],
      ["the role at another place", () => bearer("x", { roles: ["operator"] }), 403, noOperator("x")],
      ["a session that nobody opened", async () => ({ cookie: "flame_operator=guessed" }), 401, "Not authenticated"],
      ["an empty session", async () => ({ cookie: "flame_operator=" }), 401, "Not authenticated"],
      ["a session after its sign-out", signedOut, 401, "Not authenticated"],
      ["a session that has rested for an hour", () => aged("seen_at", 60), 401, "Not authenticated"],
      ["a session after 8 hours", () => aged("ends_at", 480), 401, "Not authenticated"],
      ["a token that is none", async () => ({ authorization: "Bearer nonsense" }), 403, "JWT is malformed"],
      [
        "a session beside a wrong token",
        async () => ({ ...(await signIn()), authorization: "Bearer nonsense" }),
        403,
        "JWT is malformed",
      ],
    ])("%s may ask for nothing", async (_, headersOf, status, detail) => {
      const headers = { ...(await headersOf()), ...sameOrigin };
      const expected = { status, detail: typeof detail === "string" ? detail : detail() };
      for (const route of guarded) {
        const answer = await ask(service, route, headers);
        expect([nameOf(route), answer]).toMatchObject([nameOf(route), expected]);
        if (status === 401) expect(answer.challenge).toBe("Bearer");
      }
    });

    test("what changes something is refused from another site, and from a browser that does not say from where", async () => {
      const [session, token] = [await signIn(), await bearer("console")];
      const refused = { status: 403, detail: "Requests from another site are refused." };
      for (const route of changing) {
        for (const site of ["cross-site", "same-site", "none", "Same-Origin", ""]) {
          for (const who of [session, token]) {
            const answer = await ask(service, route, { ...who, "sec-fetch-site": site });
            expect([nameOf(route), site, answer]).toMatchObject([nameOf(route), site, refused]);
          }
        }
        expect(await ask(service, route, session)).toMatchObject(refused);
        expect(isAdmitted(route, await ask(service, route, token))).toBe(true);
      }
      const withoutGuard = all.filter((route) => route.method !== "GET" && !guarded.includes(route));
      for (const route of withoutGuard) {
        expect(await ask(service, route, { ...session, "sec-fetch-site": "cross-site" })).toMatchObject(refused);
      }
    });

    test("a link is too old after ten minutes, and works once, whoever is first", async () => {
      const young = await printTicket();
      await beside.age("operator_ticket", "ends_at", 9);
      expect((await redeem(young)).status).toBe(204);
      const old = await printTicket();
      await beside.age("operator_ticket", "ends_at", 10);
      expect((await redeem(old)).status).toBe(401);
      const wanted = await printTicket();
      const answers = await Promise.all([redeem(wanted), redeem(wanted), redeem(wanted)]);
      expect(answers.map(({ status }) => status).sort()).toEqual([204, 401, 401]);
    });
  });
}

test("without any setting of operators every route is as unknown as any other path", async () => {
  const service = await startTestService();
  const operator = { authorization: `Bearer ${await service.token("operator")}`, ...sameOrigin };
  for (const route of all) {
    for (const headers of [{}, operator, { cookie: "flame_operator=guessed" }]) {
      expect([nameOf(route), await ask(service, route, headers)]).toMatchObject([
        nameOf(route),
        { status: 404, detail: "Not Found" },
      ]);
    }
  }
  for (const path of ["/operator", "/operator/", "/operator/assets/x.js", "/storage/operator/session"]) {
    for (const method of ["GET", "HEAD", "PATCH", "POST"]) {
      expect([path, (await fetch(`${service.url}${path}`, { method })).status]).toEqual([path, 404]);
    }
  }
  await service.stop();
});
