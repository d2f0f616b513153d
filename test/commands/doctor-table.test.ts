import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { generateKeyPairSync } from "node:crypto";
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

function pemOfRsa(cipher?: string): string {
  const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const protection = cipher === undefined ? {} : { cipher, passphrase: "passphrase" };
  return privateKey.export({ format: "pem", type: "pkcs8", ...protection }).toString();
}

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

  function serve(answer: () => Response, isSecure = false, hostname = "127.0.0.1"): string {
    const { key, cert } = certificate;
    const tls = isSecure ? { tls: { key, cert } } : {};
    const server = Bun.serve({ port: 0, hostname, fetch: answer, ...tls });
    servers.push(server);
    return server.url.host;
  }
  /** Without a `Date`, which Bun's own server always sends. */
  function serveTimeless(body: string): string {
    const answer = `HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\nConnection: close\r\n\r\n${body}`;
    const data = (socket: Bun.Socket) => void socket.end(answer);
    const listener = Bun.listen({ port: 0, hostname: "127.0.0.1", socket: { data } });
    servers.push(listener);
    return `http://127.0.0.1:${listener.port}/certs`;
  }
  const storeThatSays = (code: string) =>
    serve(() => new Response(`<Error><Code>${code}</Code></Error>`, { status: 400 }));

  function keySetOf(more: object, modulusLength = 2048): string {
    const { publicKey } = generateKeyPairSync("rsa", { modulusLength });
    const keys = [{ ...publicKey.export({ format: "jwk" }), ...more }];
    return `http://${serve(() => Response.json({ keys }))}/certs`;
  }

  function listCases(): readonly (readonly [title: string, cases: readonly Case[]])[] {
    const { identityUrl, environment } = service;
    const forbidding = storeThatForbids("delete");
    const forbiddingAll = storeThatForbids("list");
    servers.push(forbidding, forbiddingAll);
    const secure = serve(() => new Response("ok"), true);
    // The certificate does not name this address.
    const misnamed = serve(() => new Response("ok"), true, "127.0.0.2");
    const timeless = serveTimeless(JSON.stringify(service.identity.jwks()));
    const trusting = { EXTRA_CA_CERTS: certificate.authorityPath };
    return [
      [
        "Settings",
        [
          ["a setting is missing", { OIDC__CERTS_URL: "" }],
          ["a setting has a value it cannot have", { HUB__AUTH__FLOW: "magic" }],
          ["a secret in quotes", { HUB__AUTH__SECRET: `"${environment.HUB__AUTH__SECRET}"` }],
          ["a secret with a quote at one end", { HUB__AUTH__SECRET: `${environment.HUB__AUTH__SECRET}"` }],
          ["an empty URL of the Hub", { HUB__CORE_BASE_URL: "" }],
          [
            "a scheme in the endpoint, which was set as `S3__ENDPOINT`",
            { MINIO__ENDPOINT: undefined, S3__ENDPOINT: "http://minio:9000" },
          ],
          ["a port within `POSTGRES__HOST`", { POSTGRES__HOST: "postgres:5432" }],
          [
            "a damaged private key",
            { CRYPTO__ECDH_PRIVATE_KEY: "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n" },
          ],
          ["a private key of RSA", { CRYPTO__ECDH_PRIVATE_KEY: pemOfRsa() }],
          ["a private key with a passphrase", { CRYPTO__ECDH_PRIVATE_KEY: pemOfRsa("aes-256-cbc") }],
          ["a file of authorities that is not there", { EXTRA_CA_CERTS: join(folder, "ca.pem") }],
        ],
      ],
      [
        "The Hub",
        [
          ["a wrong secret", { HUB__AUTH__SECRET: "wrong" }],
          ["a base URL that is not the Hub's", { HUB__CORE_BASE_URL: identityUrl }],
          [
            "a base URL that is that of another of the Hub's parts",
            { HUB__STORAGE_BASE_URL: environment.HUB__CORE_BASE_URL },
          ],
          ["nothing listens at the base URL", { HUB__STORAGE_BASE_URL: "http://127.0.0.1:1" }],
          ["a host that the DNS does not know", { HUB__CORE_BASE_URL: "https://hub.invalid" }],
          ["a certificate of an unknown authority", { HUB__CORE_BASE_URL: `https://${secure}` }],
          ["a certificate for another host name", { ...trusting, HUB__CORE_BASE_URL: `https://${misnamed}` }],
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
          ["keys for encryption alone", { OIDC__CERTS_URL: keySetOf({ use: "enc", alg: "RSA-OAEP" }) }],
          ["keys for the same kind of signature, with another hash", { OIDC__CERTS_URL: keySetOf({ alg: "RS512" }) }],
          ["a key that is too weak", { OIDC__CERTS_URL: keySetOf({}, 1024) }],
          ["an issuer with one slash more", { OIDC__ISSUER: `${identityUrl}/` }],
          ["the identity provider sends no `Date`", { OIDC__CERTS_URL: timeless }],
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
          [
            "the same of a store that answers in plain HTTP, as MinIO does",
            { MINIO__ENDPOINT: serve(() => new Response("", { status: 400 })) },
          ],
          ["plain HTTP there, `MINIO__USE_SSL=1` here", { MINIO__USE_SSL: "1" }],
          ["a certificate of an unknown authority", { MINIO__ENDPOINT: secure, MINIO__USE_SSL: "1" }],
          ["a certificate for another host name", { ...trusting, MINIO__ENDPOINT: misnamed, MINIO__USE_SSL: "1" }],
          ["a wrong access key", { MINIO__ENDPOINT: storeThatSays("InvalidAccessKeyId") }],
          ["a wrong secret key", { MINIO__ENDPOINT: storeThatSays("SignatureDoesNotMatch") }],
          ["no such bucket", { MINIO__ENDPOINT: storeThatSays("NoSuchBucket"), MINIO__BUCKET: "flame" }],
          [
            "a bucket's name that the store does not take",
            { MINIO__ENDPOINT: storeThatSays("InvalidBucketName"), MINIO__BUCKET: "Flame" },
          ],
          ["the wrong region", { MINIO__ENDPOINT: storeThatSays("AuthorizationHeaderMalformed") }],
          ["something else than a store", { MINIO__ENDPOINT: serve(() => new Response("", { status: 404 })) }],
          ["a right that the access key lacks", { MINIO__ENDPOINT: forbidding.endpoint, MINIO__BUCKET: "flame" }],
          [
            "an access key without rights in the bucket",
            { MINIO__ENDPOINT: forbiddingAll.endpoint, MINIO__BUCKET: "flame" },
          ],
        ],
      ],
      [
        "The database",
        [
          ["nothing listens there", { POSTGRES__PORT: "1" }],
          ["a host that the DNS does not know", { POSTGRES__HOST: "postgres.invalid", POSTGRES__PORT: "5432" }],
          ["no such database", { POSTGRES__DB: "no_such_database" }],
          ["a user that the server does not know", { POSTGRES__USER: "nobody" }],
        ],
      ],
    ];
  }

  async function examine(env: Environment, aheadMs: number): Promise<readonly Finding[]> {
    const environment = { ...service.environment, ...env };
    // Only a process that was started with it trusts another authority.
    if (env.EXTRA_CA_CERTS === certificate.authorityPath) {
      const command = [process.execPath, join(import.meta.dir, "../../src/main.ts"), "doctor", "--json"];
      const { stdout } = Bun.spawn(command, { env: environment, cwd: folder, timeout: 60_000, stderr: "ignore" });
      return JSON.parse(await stdout.text()).checks;
    }
    const io = createTestIo(environment);
    await doctor(io, { json: true }, { now: () => Date.now() + aheadMs, limitMs: 12_000 });
    return JSON.parse(io.printed.join("\n")).checks;
  }

  async function rowOf([what, env, aheadMs = 0]: Case): Promise<string> {
    const checks = await examine(env, aheadMs);
    const isPoor = ({ status }: Finding) => status === "failed" || status === "warning";
    const poor = checks.filter(isPoor).toSorted((a, b) => a.status.localeCompare(b.status));
    const found =
      poor.find(({ check }) => check === "settings") ??
      poor[0] ??
      checks.find(({ message }) => message.includes("no Date"));
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
      .replaceAll(/(?:127\.0\.0\.[12]|localhost):\d{2,5}/g, "HOST:PORT")
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
