import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { doctor } from "../../src/commands/doctor/doctor.ts";
import { generateKeyPair } from "../../src/crypto/keys.ts";
import type { Environment } from "../../src/settings/environment.ts";
import { storeThatForbids } from "../objects/forbidding-store.ts";
import { createPrivateCertificate, opensslInstalled, type PrivateCertificate } from "../support/certificate.ts";
import { isAvailable, startTestService, type TestService } from "../support/service.ts";
import { createTestIo } from "./test-io.ts";

/**
 * What is wrong, and how it comes to be so. `docs/doctor.md` tells what doctor says of each; with WRITE_DOCS=1 this test
 * writes it there.
 */
type Case = readonly [what: string, env: Environment, aheadMs?: number];

interface Finding {
  readonly check: string;
  readonly status: string;
  readonly message: string;
  readonly remedy?: string;
}

const path = join(import.meta.dir, "../../docs/doctor.md");
const [begin, end] = ["<!-- begin of the table, which a test writes -->", "<!-- end of the table -->"];

describe.skipIf(!isAvailable("servers") || !opensslInstalled())("the table of what doctor says", () => {
  let service: TestService;
  let certificate: PrivateCertificate;
  let folder: string;
  const servers: { stop(force?: boolean): unknown }[] = [];

  beforeAll(async () => {
    service = await startTestService({ backend: "servers" });
    certificate = createPrivateCertificate();
    folder = await mkdtemp(join(tmpdir(), "flame-result-doctor-"));
  });
  afterAll(async () => {
    for (const server of servers) await server.stop(true);
    certificate.remove();
    await service.stop();
    await rm(folder, { recursive: true });
  });

  function serve(answer: () => Response, isSecure = false): string {
    const { key, cert } = certificate;
    const tls = isSecure ? { tls: { key, cert } } : {};
    const server = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: answer, ...tls });
    servers.push(server);
    return server.url.host;
  }
  const storeThatSays = (code: string) =>
    serve(() => new Response(`<Error><Code>${code}</Code></Error>`, { status: 400 }));

  function listCases(): readonly (readonly [title: string, cases: readonly Case[]])[] {
    const { identityUrl, environment } = service;
    const forbidding = storeThatForbids("delete");
    servers.push(forbidding);
    const secure = serve(() => new Response("ok"), true);
    return [
      [
        "Settings",
        [
          ["a setting is missing", { OIDC__CERTS_URL: "" }],
          ["a setting has a value it cannot have", { HUB__AUTH__FLOW: "magic" }],
          ["a secret in quotes", { HUB__AUTH__SECRET: `"${environment.HUB__AUTH__SECRET}"` }],
          ["a port within `POSTGRES__HOST`", { POSTGRES__HOST: "postgres:5432" }],
          [
            "a damaged private key",
            { CRYPTO__ECDH_PRIVATE_KEY: "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n" },
          ],
          ["a file of authorities that is not there", { EXTRA_CA_CERTS: join(folder, "ca.pem") }],
        ],
      ],
      [
        "The Hub",
        [
          ["a wrong secret", { HUB__AUTH__SECRET: "wrong" }],
          ["a base URL that is not the Hub's", { HUB__CORE_BASE_URL: identityUrl }],
          ["nothing listens at the base URL", { HUB__STORAGE_BASE_URL: "http://127.0.0.1:1" }],
          ["a host that the DNS does not know", { HUB__CORE_BASE_URL: "https://hub.invalid" }],
          ["a certificate of an unknown authority", { HUB__CORE_BASE_URL: `https://${secure}` }],
          ["`https` where there is none", { HUB__AUTH_BASE_URL: identityUrl.replace("http:", "https:") }],
          ["another node's id", { HUB__NODE_ID: service.world.seed.nodes[1]?.id }],
          ["another private key than the Hub knows", { CRYPTO__ECDH_PRIVATE_KEY: generateKeyPair("P-384").privatePem }],
          ["a proxy that is not there", { PROXY__HTTP_URL: "http://127.0.0.1:1" }],
        ],
      ],
      [
        "The identity provider",
        [
          ["nothing listens there", { OIDC__CERTS_URL: "http://127.0.0.1:1/certs" }],
          [
            "the discovery document instead of the keys",
            { OIDC__CERTS_URL: `${identityUrl}/.well-known/openid-configuration` },
          ],
          ["keys of another algorithm", { OIDC__ALGORITHMS: "ES256" }],
          ["an issuer with one slash more", { OIDC__ISSUER: `${identityUrl}/` }],
          ["checks of tokens are turned off", { OIDC__SKIP_JWT_VALIDATION: "1" }],
          ["this machine's clock is ahead", {}, 600_000],
        ],
      ],
      [
        "The object store",
        [
          ["nothing listens there", { MINIO__ENDPOINT: "127.0.0.1:1" }],
          ["a host that the DNS does not know", { MINIO__ENDPOINT: "minio.invalid:9000" }],
          ["HTTPS there, `MINIO__USE_SSL=0` here", { MINIO__ENDPOINT: secure }],
          ["plain HTTP there, `MINIO__USE_SSL=1` here", { MINIO__USE_SSL: "1" }],
          ["a certificate of an unknown authority", { MINIO__ENDPOINT: secure, MINIO__USE_SSL: "1" }],
          ["a wrong access key", { MINIO__ENDPOINT: storeThatSays("InvalidAccessKeyId") }],
          ["a wrong secret key", { MINIO__ENDPOINT: storeThatSays("SignatureDoesNotMatch") }],
          ["no such bucket", { MINIO__ENDPOINT: storeThatSays("NoSuchBucket"), MINIO__BUCKET: "flame" }],
          [
            "a bucket's name that the store does not take",
            { MINIO__ENDPOINT: storeThatSays("InvalidBucketName"), MINIO__BUCKET: "Flame" },
          ],
          ["the wrong region", { MINIO__ENDPOINT: storeThatSays("AuthorizationHeaderMalformed") }],
          ["a right that the access key lacks", { MINIO__ENDPOINT: forbidding.endpoint, MINIO__BUCKET: "flame" }],
        ],
      ],
      [
        "The database",
        [
          ["nothing listens there", { POSTGRES__PORT: "1" }],
          ["no such database", { POSTGRES__DB: "no_such_database" }],
          ["a user that the server does not know", { POSTGRES__USER: "nobody" }],
        ],
      ],
    ];
  }

  async function rowOf([what, env, aheadMs = 0]: Case): Promise<string> {
    const io = createTestIo({ ...service.environment, ...env });
    await doctor(io, { json: true }, { now: () => Date.now() + aheadMs, limitMs: 12_000 });
    const { checks }: { checks: Finding[] } = JSON.parse(io.printed.join("\n"));
    const isPoor = ({ status }: Finding) => status === "failed" || status === "warning";
    const poor = checks.filter(isPoor).toSorted((a, b) => a.status.localeCompare(b.status));
    const found = poor.find(({ check }) => check === "settings") ?? poor[0];
    expect([what, found]).not.toEqual([what, undefined]);
    const { check = "", message = "", remedy = "" } = found ?? {};
    return `| ${[what, check, message, remedy].map(inGeneral).join(" | ")} |`;
  }

  /** Without what differs from run to run. */
  function inGeneral(text: string): string {
    const { host, port } = new URL(service.identityUrl);
    return text
      .replaceAll(folder, "FOLDER")
      .replaceAll(host, `127.0.0.1:${port}`)
      .replaceAll(/(?:127\.0\.0\.1|localhost):\d{2,5}/g, "HOST:PORT")
      .replaceAll(/[\da-f]{8}-[\da-f]{4}-[\da-f]{4}-[\da-f]{4}-[\da-f]{12}/g, "ID")
      .replaceAll(/\b[\da-f]{16}\b/g, "FINGERPRINT")
      .replaceAll(/flame_test_[\da-f]+/g, "DATABASE")
      .replaceAll(/\b(?:599|601) s/g, "600 s")
      .replaceAll(/EAI_AGAIN/g, "ENOTFOUND")
      .replaceAll(/ConnectionClosed/g, "ECONNRESET")
      .replaceAll("|", "\\|")
      .replaceAll("\n", " ");
  }

  test("is what it says", async () => {
    const sections: string[] = [];
    for (const [title, cases] of listCases()) {
      const rows: string[] = [];
      for (const one of cases) rows.push(await rowOf(one));
      const head = "| what is wrong | check | what doctor says | what to do |\n|---|---|---|---|";
      sections.push(`## ${title}\n\n${head}\n${rows.join("\n")}`);
    }
    const text = await Bun.file(path).text();
    const [before = "", rest = ""] = text.split(begin);
    const written = `${before}${begin}\n\n${sections.join("\n\n")}\n\n${end}${rest.split(end)[1]}`;
    if (process.env.WRITE_DOCS === "1") await Bun.write(path, written);
    else expect(text).toBe(written);
  }, 120_000);
});
