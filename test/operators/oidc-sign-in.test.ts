import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { createServer } from "node:http";
import { exportJWK, generateKeyPair } from "jose";
import Provider from "oidc-provider";
import { createSandboxIdentity } from "../../src/sandbox/identity.ts";
import { startTestService, type TestService } from "../support/service.ts";

const clientId = "console";
const clientSecret = "a secret with : and %";

/** A browser, as far as it concerns a sign-in: cookies by origin, and redirections followed one at a time. */
function createBrowser() {
  const jar = new Map<string, Map<string, string>>();
  async function go(url: string, init: RequestInit = {}): Promise<Response> {
    const { origin } = new URL(url);
    const cookies = jar.get(origin) ?? new Map<string, string>();
    jar.set(origin, cookies);
    const headers = new Headers(init.headers);
    headers.set("cookie", [...cookies].map(([name, value]) => `${name}=${value}`).join("; "));
    const answer = await fetch(url, { ...init, headers, redirect: "manual" });
    for (const line of answer.headers.getSetCookie()) {
      const [, name = "", value = ""] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      if (value === "") cookies.delete(name);
      else cookies.set(name, value);
    }
    return answer;
  }
  /** Up to the answer that leads nowhere, or to one that the stop is in. */
  async function follow(url: string, stop = "never"): Promise<{ url: string; answer: Response }> {
    for (let hops = 0; hops < 12; hops += 1) {
      const answer = await go(url);
      const location = answer.headers.get("location");
      if (location === null) return { url, answer };
      url = new URL(location, url).href;
      if (url.includes(stop)) return { url, answer };
    }
    throw new Error("too many redirections");
  }
  return { go, follow, jar };
}

/** A certified OpenID Provider; whoever comes is `account`, and has the roles of that name. */
async function startProvider(redirectUris: string[], method: "client_secret_basic" | "client_secret_post" | "none") {
  const listener = createServer();
  await new Promise<void>((resolve) => listener.listen(0, "127.0.0.1", resolve));
  const address = listener.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  const issuer = `http://127.0.0.1:${address.port}`;
  const { privateKey } = await generateKeyPair("RS256", { extractable: true });
  const state = { account: "ada" };
  const provider = new Provider(issuer, {
    jwks: { keys: [{ ...(await exportJWK(privateKey)), alg: "RS256", use: "sig", kid: "first" }] },
    clients: [
      {
        client_id: clientId,
        ...(method === "none" ? {} : { client_secret: clientSecret }),
        grant_types: ["authorization_code"],
        response_types: ["code"],
        redirect_uris: redirectUris,
        token_endpoint_auth_method: method,
        application_type: "native",
      },
    ],
    pkce: { required: () => true },
    conformIdTokenClaims: false,
    claims: { profile: ["preferred_username", "roles"] },
    features: { devInteractions: { enabled: false } },
    cookies: { keys: ["test"] },
    findAccount: (_, id) => ({
      accountId: id,
      claims: () => ({ sub: id, preferred_username: `${id}@node`, roles: id === "ada" ? ["operator"] : ["visitor"] }),
    }),
    interactions: { url: () => "/interaction" },
  });
  listener.on("request", async (request, response) => {
    if (request.url !== "/interaction") return provider.callback()(request, response);
    const { prompt, params } = await provider.interactionDetails(request, response);
    if (state.account === "refuses") {
      return provider.interactionFinished(request, response, { error: "access_denied" });
    }
    if (prompt.name === "login") {
      return provider.interactionFinished(request, response, { login: { accountId: state.account } });
    }
    const grant = new provider.Grant({ accountId: state.account, clientId: String(params.client_id) });
    grant.addOIDCScope("openid profile");
    const result = { consent: { grantId: await grant.save() } };
    return provider.interactionFinished(request, response, result, { mergeWithLastSubmission: true });
  });
  return { issuer, state, stop: () => listener.close() };
}

describe.each(["client_secret_basic", "client_secret_post", "none"] as const)("by %s", (method) => {
  let provider: Awaited<ReturnType<typeof startProvider>>;
  let service: TestService;
  const redirectUris: string[] = [];

  beforeAll(async () => {
    const port = await freePort();
    redirectUris.push(`http://127.0.0.1:${port}/operator/sign-in/callback`);
    provider = await startProvider(redirectUris, method);
    service = await startTestService({
      env: {
        SERVER__PORT: String(port),
        RECORD__ENABLED: "1",
        OPERATOR__ROLES: "operator",
        OPERATOR__ROLE_CLAIM: "roles",
        OPERATOR__OIDC_ISSUER: provider.issuer,
        OPERATOR__OIDC_CLIENT_ID: clientId,
        ...(method === "none" ? {} : { OPERATOR__OIDC_CLIENT_SECRET: clientSecret }),
      },
    });
  });
  afterAll(async () => {
    await service.stop();
    provider.stop();
  });

  const signIn = (browser = createBrowser()) =>
    browser.follow(`${service.url}/operator/sign-in`, "/operator/sign-in/callback");

  test("an operator signs in, and is on record by name", async () => {
    provider.state.account = "ada";
    const browser = createBrowser();
    const { url } = await signIn(browser);
    const answer = await browser.go(url);
    expect([answer.status, answer.headers.get("location")]).toEqual([303, "/operator"]);
    const session = await browser.go(`${service.url}/operator/session`);
    expect(await session.json()).toMatchObject({ name: "ada@node", kind: "oidc" });
    const record = await browser.go(`${service.url}/operator/record?event=operator.signed_in`);
    expect(await record.json()).toMatchObject({ items: [{ actor: "ada@node" }] });
  });

  test("somebody without the role is refused, and gets no session", async () => {
    provider.state.account = "eve";
    const browser = createBrowser();
    const answer = await browser.go((await signIn(browser)).url);
    expect(answer.headers.get("location")).toBe("/operator#sign-in=refused");
    expect((await browser.go(`${service.url}/operator/session`)).status).toBe(401);
  });

  test("a refusal by the provider comes to no session", async () => {
    provider.state.account = "refuses";
    const browser = createBrowser();
    const answer = await browser.go((await signIn(browser)).url);
    expect(answer.headers.get("location")).toBe("/operator#sign-in=failed");
  });

  test("an answer in another browser, with another state, issuer or used code comes to no session", async () => {
    provider.state.account = "ada";
    const browser = createBrowser();
    const { url } = await signIn(browser);
    const failed = async (by: ReturnType<typeof createBrowser>, changed: string) => {
      expect((await by.go(changed)).headers.get("location")).toBe("/operator#sign-in=failed");
      expect((await by.go(`${service.url}/operator/session`)).status).toBe(401);
    };
    await failed(createBrowser(), url);
    const changes = [
      ["state", "another"],
      ["iss", "https://evil.example"],
      ["iss", ""],
      ["code", "guessed"],
    ] as const;
    for (const [name, value] of changes) {
      const tried = createBrowser();
      const wrong = new URL((await signIn(tried)).url);
      if (value === "") wrong.searchParams.delete(name);
      else wrong.searchParams.set(name, value);
      await failed(tried, wrong.href);
    }
    expect((await browser.go(url)).headers.get("location")).toBe("/operator");
  });

  test.each(["state", "nonce", "verifier"])(
    "with another %s than the browser has kept there is no session",
    async (secret) => {
      provider.state.account = "ada";
      const browser = createBrowser();
      const { url } = await signIn(browser);
      const cookies = browser.jar.get(new URL(service.url).origin);
      const kept = JSON.parse(Buffer.from(cookies?.get("flame_operator_sign_in") ?? "", "base64url").toString());
      const other = { ...kept, [secret]: "x".repeat(43) };
      cookies?.set("flame_operator_sign_in", Buffer.from(JSON.stringify(other)).toString("base64url"));
      expect((await browser.go(url)).headers.get("location")).toBe("/operator#sign-in=failed");
      expect((await browser.go(`${service.url}/operator/session`)).status).toBe(401);
    },
  );
});

test("the twenty-first attempt to sign in within a minute is refused, of each way by itself", async () => {
  const identity = await createSandboxIdentity({ clients: [] });
  const provider = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: identity.fetch });
  const service = await startTestService({
    env: {
      OPERATOR__ROLES: "operator",
      OPERATOR__OIDC_ISSUER: `http://127.0.0.1:${provider.port}`,
      OPERATOR__OIDC_CLIENT_ID: clientId,
    },
  });
  for (const path of ["/operator/sign-in", "/operator/sign-in/callback"]) {
    const ask = () => fetch(`${service.url}${path}`, { redirect: "manual" });
    const statuses = [];
    for (let attempt = 0; attempt < 21; attempt += 1) statuses.push((await ask()).status);
    expect(statuses).toEqual([...Array(20).fill(303), 429]);
  }
  await service.stop();
  await provider.stop(true);
});

test("a provider that is away is told plainly", async () => {
  const service = await startTestService({
    env: {
      OPERATOR__OIDC_ISSUER: "http://127.0.0.1:1",
      OPERATOR__OIDC_CLIENT_ID: clientId,
      OPERATOR__ROLES: "operator",
    },
  });
  const answer = await fetch(`${service.url}/operator/sign-in`, { redirect: "manual" });
  expect(answer.status).toBe(502);
  expect(await answer.json()).toEqual({ detail: "Auth provider is unavailable" });
  await service.stop();
});

test.each([
  ["a slash that is told and set", "/o/app/", "/o/app/", 303],
  ["a slash that is told and not set", "/o/app/", "/o/app", 303],
  ["a slash that is set and not told", "/o/app", "/o/app/", 303],
  ["another path", "/o/other/", "/o/app/", 502],
])("an issuer with %s", async (_, told, set, status) => {
  const provider: Bun.Server<undefined> = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    fetch: ({ url }) =>
      new URL(url).pathname === "/o/app/.well-known/openid-configuration"
        ? Response.json({
            issuer: `${new URL(url).origin}${told}`,
            authorization_endpoint: `${new URL(url).origin}/authorize`,
            token_endpoint: `${new URL(url).origin}/token`,
          })
        : new Response(null, { status: 404 }),
  });
  const service = await startTestService({
    env: {
      OPERATOR__ROLES: "operator",
      OPERATOR__OIDC_ISSUER: `http://127.0.0.1:${provider.port}${set}`,
      OPERATOR__OIDC_CLIENT_ID: clientId,
    },
  });
  const answer = await fetch(`${service.url}/operator/sign-in`, { redirect: "manual" });
  expect(answer.status).toBe(status);
  await service.stop();
  await provider.stop(true);
});

async function freePort(): Promise<number> {
  const server = Bun.serve({ port: 0, fetch: () => new Response() });
  const { port } = server;
  await server.stop(true);
  return port ?? 0;
}

test("the sandbox's own provider lets its one person in, once for each code", async () => {
  const identity = await createSandboxIdentity({ clients: [] });
  const provider = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: identity.fetch });
  const service = await startTestService({
    env: {
      OPERATOR__ROLES: "operator",
      OPERATOR__OIDC_ISSUER: `http://127.0.0.1:${provider.port}`,
      OPERATOR__OIDC_CLIENT_ID: clientId,
    },
  });
  const browser = createBrowser();
  const { url } = await browser.follow(`${service.url}/operator/sign-in`, "/operator/sign-in/callback");
  expect((await browser.go(url)).headers.get("location")).toBe("/operator");
  const session = await browser.go(`${service.url}/operator/session`);
  expect(await session.json()).toMatchObject({ name: "operator", kind: "oidc" });
  expect((await browser.go(url)).headers.get("location")).toBe("/operator#sign-in=failed");
  await service.stop();
  await provider.stop(true);
});
