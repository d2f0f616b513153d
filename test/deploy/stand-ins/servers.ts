import { readdirSync, readFileSync } from "node:fs";
import { createSandboxIdentity } from "../../../src/sandbox/identity.ts";

/** What runs in the container that stands in for Keycloak, by the same variables, files and ports. */
interface Realm {
  readonly realm: string;
  readonly clients: readonly { readonly clientId: string; readonly secret: string }[];
}

async function serveTokens(): Promise<void> {
  const folder = "/opt/keycloak/data/import";
  const [name = ""] = readdirSync(folder);
  const { realm, clients }: Realm = JSON.parse(readFileSync(`${folder}/${name}`, "utf8"));
  const identity = await createSandboxIdentity({
    clients: clients.map(({ clientId, secret }) => ({ id: clientId, secret })),
  });
  const prefix = `/realms/${realm}/protocol/openid-connect`;
  Bun.serve({
    port: 8080,
    fetch(request) {
      const url = new URL(request.url);
      if (!url.pathname.startsWith(`${prefix}/`)) return new Response("Not Found", { status: 404 });
      url.pathname = url.pathname.slice(prefix.length);
      return identity.fetch(new Request(url.href, request));
    },
  });
  Bun.serve({ port: 9000, fetch: () => Response.json({ status: "UP" }) });
}

for (const signal of ["SIGTERM", "SIGINT"] as const) process.on(signal, () => process.exit(0));
await serveTokens();
