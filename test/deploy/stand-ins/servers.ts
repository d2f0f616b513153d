import { readdirSync, readFileSync } from "node:fs";
import { createSandboxIdentity } from "../../../src/sandbox/identity.ts";
import { startCeph } from "../../support/ceph-server.ts";

/**
 * What runs in the containers that stand in for MinIO and Keycloak, by the same variables, files and ports: Ceph's gateway,
 * and the sandbox's identity provider for the clients of an imported realm.
 */
async function serveObjects(): Promise<void> {
  const { MINIO_ROOT_USER: accessKey = "minioadmin", MINIO_ROOT_PASSWORD: secretKey = "minioadmin" } = process.env;
  await startCeph({ accessKey, secretKey, listenOn: "0.0.0.0:9000" });
  // The daemons do not keep this process alive, nor do they outlive it.
  setInterval(() => {}, 60_000);
}

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
await (process.argv[2] === "keycloak" ? serveTokens() : serveObjects());
