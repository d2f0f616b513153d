/** The least that a server can be which lets nobody in without a token: the service's own check, and nothing else of it. */
import { createAuthenticator, fetchKeys } from "../../src/app/connections.ts";

const quiet = () => {};
const oidc = {
  certsUrl: Bun.env.CERTS_URL ?? "",
  clientIdClaimName: "client_id",
  algorithms: ["RS256"],
  issuer: undefined,
  audience: undefined,
  skipJwtValidation: false,
};
const log = { debug: quiet, info: quiet, warn: quiet, error: quiet };
const authenticator = createAuthenticator(oidc, log, fetchKeys);
const server = Bun.serve({
  port: 0,
  hostname: "127.0.0.1",
  async fetch({ headers }) {
    const client = await authenticator.authenticate(headers.get("authorization") ?? undefined).catch(() => undefined);
    return client === undefined ? new Response("no", { status: 403 }) : new Response("hello");
  },
});
console.log(`listening on http://127.0.0.1:${server.port}`);
