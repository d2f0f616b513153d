import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { chmod } from "node:fs/promises";
import { join } from "node:path";
import { generateKeyPair } from "../../src/crypto/keys.ts";
import { parseSettings } from "../../src/settings/load.ts";
import { findFreePort } from "../support/daemon.ts";
import { eventually } from "../support/eventually.ts";
import { buildExecutable, type Executable } from "../support/executable.ts";
import { type Relay, startRelay } from "../support/relay.ts";
import { formOf, isAvailable, startTestService, type TestService } from "../support/service.ts";

/** What the node's own chart gives its storage service, spelt as there; from elsewhere come only hosts, ids and secrets. */
const chart = {
  TZ: "Europe/Berlin",
  CRYPTO__PROVIDER: "file",
  CRYPTO__ECDH_PRIVATE_KEY_PATH: "/etc/crypto/private_key.pem",
  UVICORN_LOG_LEVEL: "debug",
  POSTGRES__HOST: "node-db",
  POSTGRES__DB: "storage",
  POSTGRES__USER: "storage",
  POSTGRES__PASSWORD: "secret",
  PROXY__HTTP_URL: "http://proxy.example.org:3128",
  PROXY__HTTPS_URL: "http://proxy.example.org:3128",
  MINIO__ENDPOINT: "node-minio:9000",
  MINIO__ACCESS_KEY: "admin",
  MINIO__SECRET_KEY: "s3cr3t_t0ken",
  MINIO__USE_SSL: "false",
  MINIO__BUCKET: "flame",
  HUB__AUTH__FLOW: "client",
  HUB__AUTH__ID: "60ec5f6c-4b4d-4d5e-9d1c-0b3f6c0d1a11",
  HUB__AUTH__SECRET: "secret",
  HUB__AUTH_BASE_URL: "https://auth.privateaim.dev",
  HUB__CORE_BASE_URL: "https://core.privateaim.dev",
  HUB__STORAGE_BASE_URL: "https://storage.privateaim.dev",
  OIDC__CERTS_URL: "http://node-keycloak/realms/flame/protocol/openid-connect/certs",
  OIDC__CLIENT_ID_CLAIM_NAME: "azp",
  OIDC__SKIP_JWT_VALIDATION: "0",
  HUB_ADAPTER_CLIENT_ID: "hub-adapter",
};
/** What Kubernetes adds for each Service of the namespace. */
const links = {
  NODE_MINIO_PORT: "tcp://10.0.0.7:9000",
  NODE_DB_PORT_5432_TCP: "tcp://10.0.0.8:5432",
  POSTGRES_PORT: "tcp://10.0.0.8:5432",
  MINIO_PORT: "tcp://10.0.0.7:9000",
  KUBERNETES_SERVICE_HOST: "10.0.0.1",
};
/** The Python image's `nonroot`, which Alpine gives these numbers. */
const [uid, gid] = [100, 101];

test.each(["MINIO__", "S3__"])("its environment is understood as it stands, with %s", (prefix) => {
  const { privatePem } = generateKeyPair("P-384");
  const entries = Object.entries({ ...chart, ...links }).map(([name, value]) => [
    name.replace(/^MINIO__/, prefix),
    value,
  ]);
  const { settings, problems = [], warnings } = parseSettings(Object.fromEntries(entries), () => privatePem);
  expect([problems, warnings]).toEqual([[], []]);
  expect(settings).toMatchObject({
    storage: {
      kind: "s3+postgres",
      s3: { endpointUrl: "http://node-minio:9000", bucket: "flame", accessKey: "admin" },
      postgres: { host: "node-db", port: 5432, database: "storage" },
    },
    oidc: { clientIdClaimName: "azp", skipJwtValidation: false },
    server: { port: 8080 },
    hubAdapterClientId: "hub-adapter",
  });
});

describe.skipIf(!isAvailable("servers"))("the executable in its place, run by its user and its arguments", () => {
  let surroundings: TestService;
  let executable: Executable;
  let child: Bun.Subprocess;
  let url: string;
  let store: Relay;
  let sentToStore = "";

  beforeAll(async () => {
    [surroundings, executable] = await Promise.all([startTestService({ backend: "servers" }), buildExecutable()]);
    await surroundings.shutDown();
    const { CRYPTO__ECDH_PRIVATE_KEY: pem = "", ...of } = surroundings.environment;
    const keyPath = join(executable.folder, "private_key.pem");
    await Bun.write(keyPath, pem);
    await chmod(executable.folder, 0o755);
    const { PROXY__HTTP_URL, PROXY__HTTPS_URL, ...values } = chart;
    const own = Object.keys(values).filter((name) => /^(?:HUB|MINIO|POSTGRES)__|^OIDC__CERTS_URL$/.test(name));
    const { hostname, port: storePort } = new URL(`http://${of.MINIO__ENDPOINT}`);
    store = await startRelay({ host: hostname, port: Number(storePort) }, (chunk) => {
      sentToStore += chunk.toString("latin1");
    });
    const env = {
      ...values,
      ...links,
      ...Object.fromEntries(own.map((name) => [name, of[name] ?? values[name as keyof typeof values]])),
      POSTGRES__PORT: of.POSTGRES__PORT,
      CRYPTO__ECDH_PRIVATE_KEY_PATH: keyPath,
      MINIO__ENDPOINT: `127.0.0.1:${store.port}`,
      // Of other programs; most stores refuse what is signed with a token that they do not know.
      AWS_SESSION_TOKEN: "zzz",
      S3_SESSION_TOKEN: "zzz",
    };
    const port = await findFreePort();
    const user = ["setpriv", `--reuid=${uid}`, `--regid=${gid}`, "--clear-groups", "--"];
    const args = ["--host", "127.0.0.1", "--port", String(port), "--workers", "2"];
    const command = [...(process.getuid?.() === 0 ? user : []), executable.path, ...args];
    child = Bun.spawn(command, { cwd: "/", env, stdout: "ignore", stderr: "inherit" });
    url = `http://127.0.0.1:${port}`;
    await eventually(async () => expect((await fetch(`${url}/readyz`)).status).toBe(200), 60_000);
  }, 180_000);
  afterAll(async () => {
    child?.kill();
    await child?.exited;
    await store?.stop();
    await surroundings?.stop();
    await executable?.remove();
  }, 60_000);

  test("keeps a result of an analysis that its token names by azp", async () => {
    const [analysis] = surroundings.analyses;
    const token = await surroundings.identity.token("an-account", { claims: { client_id: undefined, azp: analysis } });
    const headers = { authorization: `Bearer ${token}` };
    const body = formOf(["file", new File(["kept"], "a.txt")]);
    const stored = await fetch(`${url}/storage/local`, { method: "PUT", headers, body });
    expect(stored.status).toBe(200);
    const { object_id } = (await stored.json()) as { object_id: string };
    expect(await (await fetch(`${url}/storage/local/${object_id}`, { headers })).text()).toBe("kept");
    expect((await fetch(`${url}/storage/healthz`)).status).toBe(200);
  });

  test("signs nothing with the tokens of other programs", () => {
    expect(sentToStore).toMatch(/x-amz-signature/i);
    expect(sentToStore).not.toMatch(/x-amz-security-token/i);
  });
});
