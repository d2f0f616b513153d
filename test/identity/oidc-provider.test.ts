import { expect, test } from "bun:test";
import { createServer } from "node:http";
import { exportJWK, generateKeyPair } from "jose";
import Provider from "oidc-provider";
import { startTestService } from "../support/service.ts";

const analysis = "20000000-0000-4000-8000-000000000001";
const resource = "urn:node:results";

/** A certified OpenID Provider that hands out JWT access tokens (RFC 9068) for client credentials. */
async function startProvider() {
  const listener = createServer();
  await new Promise<void>((resolve) => listener.listen(0, "127.0.0.1", resolve));
  const address = listener.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  const issuer = `http://127.0.0.1:${address.port}`;
  const { privateKey } = await generateKeyPair("RS256", { extractable: true });
  const provider = new Provider(issuer, {
    jwks: { keys: [{ ...(await exportJWK(privateKey)), alg: "RS256", use: "sig", kid: "first" }] },
    clients: [
      {
        client_id: analysis,
        client_secret: "secret",
        grant_types: ["client_credentials"],
        response_types: [],
        redirect_uris: [],
      },
    ],
    features: {
      clientCredentials: { enabled: true },
      devInteractions: { enabled: false },
      resourceIndicators: {
        enabled: true,
        defaultResource: () => resource,
        getResourceServerInfo: () => ({
          scope: "",
          audience: "node",
          accessTokenFormat: "jwt",
          jwt: { sign: { alg: "RS256" } },
        }),
      },
    },
  });
  listener.on("request", provider.callback());
  return { issuer, stop: () => listener.close() };
}

test("tokens of a real OpenID Provider are accepted, with issuer and audience checked", async () => {
  const provider = await startProvider();
  const discovery = await fetch(`${provider.issuer}/.well-known/openid-configuration`);
  const { jwks_uri, token_endpoint } = (await discovery.json()) as { jwks_uri: string; token_endpoint: string };
  const service = await startTestService({
    env: { OIDC__CERTS_URL: jwks_uri, OIDC__ISSUER: provider.issuer, OIDC__AUDIENCE: "node" },
  });
  const credentials = { grant_type: "client_credentials", client_id: analysis, client_secret: "secret" };
  const answer = await fetch(token_endpoint, { method: "POST", body: new URLSearchParams(credentials) });
  const { access_token } = (await answer.json()) as { access_token: string };
  const ask = (token: string) => fetch(`${service.url}/local/tags`, { headers: { authorization: `Bearer ${token}` } });

  expect((await ask(access_token)).status).toBe(200);
  expect((await ask(await service.token("1"))).status).toBe(403);
  await service.stop();
  provider.stop();
});
