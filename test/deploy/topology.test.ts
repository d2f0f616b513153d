import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { join } from "node:path";
import { type KeycloakServer, keycloakInstalled, startKeycloak } from "../support/keycloak-server.ts";
import type { ObjectStoreServer } from "../support/object-store-server.ts";
import { createTestDatabase } from "../support/postgres-database.ts";
import { seaweedfsInstalled, startSeaweedfs } from "../support/seaweedfs-server.ts";
import { formOf, isAvailable, startTestService, type TestService } from "../support/service.ts";
import { readYaml } from "./documents.ts";

interface Compose {
  readonly services: Readonly<Record<string, { readonly environment: Readonly<Record<string, string>> }>>;
}

const [compose] = await readYaml<Compose>("docker-compose.yml");
const environmentOf = (service: string) => compose?.services[service]?.environment ?? {};
const realmFile = join(import.meta.dir, "../../deploy/keycloak/flame-realm.json");
const limitMs = 600_000;
const isInstalled = keycloakInstalled() && seaweedfsInstalled() && isAvailable("servers");

describe.skipIf(!isInstalled)("the topology of docker-compose.yml, of real processes with its own values", () => {
  let keycloak: KeycloakServer;
  let store: ObjectStoreServer;
  let database: Awaited<ReturnType<typeof createTestDatabase>>;
  let service: TestService;

  beforeAll(async () => {
    const { AWS_ACCESS_KEY_ID: accessKey = "", AWS_SECRET_ACCESS_KEY: secretKey = "" } = environmentOf("seaweedfs");
    [keycloak, store] = await Promise.all([
      startKeycloak(realmFile, environmentOf("keycloak")),
      startSeaweedfs({ accessKey, secretKey }),
    ]);
    database = await createTestDatabase();
    const { host, port, user, password, database: name } = database.settings;
    const postgresUrl = `postgres://${user}:${encodeURIComponent(password)}@${host}:${port}/${name}`;
    const {
      OIDC__CERTS_URL = "",
      HUB__AUTH__FLOW = "",
      HUB__AUTH__ID = "",
      HUB__AUTH__SECRET = "",
    } = environmentOf("flame-result");
    const certs = new URL(OIDC__CERTS_URL).pathname;
    service = await startTestService({
      backend: "servers",
      servers: { postgresUrl, s3: { ...store, endpoint: `http://${store.endpoint}`, region: "us-east-1" } },
      env: { OIDC__CERTS_URL: `${keycloak.url}${certs}`, HUB__AUTH__FLOW, HUB__AUTH__ID, HUB__AUTH__SECRET },
    });
  }, limitMs);
  afterAll(async () => {
    await service?.stop();
    await Promise.all([keycloak?.stop(), store?.stop(), database?.drop()]);
  }, 60_000);

  /** By client credentials, as an analysis gets its own. */
  async function headersOf(client: string, secret: string): Promise<{ authorization: string }> {
    const answer = await fetch(`${keycloak.url}/realms/flame/protocol/openid-connect/token`, {
      method: "POST",
      body: new URLSearchParams({ grant_type: "client_credentials", client_id: client, client_secret: secret }),
    });
    const { access_token } = (await answer.json()) as { access_token: string };
    return { authorization: `Bearer ${access_token}` };
  }
  const analysis = (number: number) =>
    headersOf(`20000000-0000-4000-8000-00000000000${number}`, `sandbox-secret-${number}`);

  test("keeps a local result, and finds it by its tag for the project alone", async () => {
    const body = formOf(["tag", "greeting"], ["file", new File(["Hello, FLAME\n"], "hello.txt")]);
    const stored = await fetch(`${service.url}/local`, { method: "PUT", headers: await analysis(1), body });
    expect(stored.status).toBe(200);
    const headers = await analysis(2);
    const tags = await (await fetch(`${service.url}/local/tags`, { headers })).json();
    expect(tags).toMatchObject({ tags: [{ name: "greeting" }] });
    const listed = await (await fetch(`${service.url}/local/tags/greeting`, { headers })).json();
    const { results } = listed as { results: { url: string }[] };
    expect(await (await fetch(results[0]?.url ?? "", { headers })).text()).toBe("Hello, FLAME\n");
    expect((await fetch(results[0]?.url ?? "", { headers: await analysis(3) })).status).toBe(404);
  }, 60_000);

  test("submits a final result to the Hub", async () => {
    const body = formOf(["file", new File(["final"], "final.txt")]);
    const before = service.hub.state.files.size;
    const sent = await fetch(`${service.url}/final`, { method: "PUT", headers: await analysis(1), body });
    expect(sent.status).toBe(204);
    expect(service.hub.state.files.size).toBe(before + 1);
  }, 60_000);

  test("listens to the Hub Adapter alone where a project's results are to be deleted", async () => {
    const url = `${service.url}/local?project_id=${service.projects[0]}`;
    const refused = await fetch(url, { method: "DELETE", headers: await analysis(1) });
    expect(refused.status).toBe(403);
    const headers = await headersOf("hub-adapter", "sandbox-secret-adapter");
    const heard = await fetch(url, { method: "DELETE", headers });
    expect(heard.status).toBe(400);
    expect(await heard.text()).toContain("still available on the Hub");
  }, 60_000);
});
