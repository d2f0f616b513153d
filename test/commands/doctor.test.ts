import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { once } from "node:events";
import { existsSync, readdirSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { doctor } from "../../src/commands/doctor/doctor.ts";
import { generateKeyPair } from "../../src/crypto/keys.ts";
import type { Environment } from "../../src/settings/environment.ts";
import { createPrivateCertificate, opensslInstalled } from "../support/certificate.ts";
import { startTestService, type TestService } from "../support/service.ts";
import { countObjects } from "../support/storage-check.ts";
import { examine } from "./examine.ts";
import { createTestIo } from "./test-io.ts";

describe("the doctor", () => {
  let service: TestService;
  beforeAll(async () => {
    service = await startTestService();
  });
  afterAll(() => service.stop());

  const find = (env: Environment = {}, deps = {}) => examine({ ...service.environment, ...env }, deps);

  test("finds nothing wrong beside a running service, and leaves nothing behind", async () => {
    const { code, checks, text } = await find();
    expect([code, text]).toEqual([0, ""]);
    expect(checks.map(({ check }) => check)).toEqual([
      "settings",
      "private key",
      "Hub sign-in",
      "Hub core",
      "Hub storage",
      "node's key on the Hub",
      "token keys",
      "object store",
      "database",
      "clock",
      "proxy",
      "certificates",
    ]);
    expect(await countObjects(service)).toBe(0);
    expect(JSON.stringify(checks)).not.toContain(String(service.environment.HUB__AUTH__SECRET));
  });

  test("prints one line per check, and how many failed", async () => {
    const io = createTestIo({ ...service.environment, OIDC__CERTS_URL: "http://127.0.0.1:1/certs" });
    expect(await doctor(io, {}, { now: Date.now, limitMs: 12_000 })).toBe(1);
    expect(io.printed).toHaveLength(14);
    expect(io.printed.filter((line) => line.startsWith("FAILED"))).toHaveLength(1);
    expect(io.printed.at(-1)).toBe("1 of 12 checks failed.");
  });

  test("names every setting that is wrong", async () => {
    const { code, text } = await find({ HUB__AUTH__FLOW: "magic", OIDC__CERTS_URL: "" });
    expect(code).toBe(1);
    expect(text).toContain("failed settings: HUB__AUTH__FLOW must be password, robot, or client");
    expect(text).toContain("failed settings: OIDC__CERTS_URL is not set");
  });

  test("finds a wrong Hub secret, and still tries what it can", async () => {
    const { code, failed, text } = await find({ HUB__AUTH__SECRET: "wrong" });
    expect([code, failed]).toEqual([1, ["Hub sign-in"]]);
    expect(text).toContain("answered 401");
    expect(text).toContain("check HUB__AUTH__ID and HUB__AUTH__SECRET");
    expect(text).toMatch(/warning Hub storage: http:\S+\/storage answers, but .* Put the sign-in in order first/);
    expect(text).toContain("warning node's key on the Hub: not compared");
  });

  test("finds a base URL that is not the Hub's", async () => {
    const { failed, text } = await find({ HUB__STORAGE_BASE_URL: service.identityUrl });
    expect(failed).toEqual(["Hub storage"]);
    expect(text).toContain("answered 404");
    expect(text).toContain("Check HUB__STORAGE_BASE_URL");
  });

  test("finds a private key that is not this node's", async () => {
    const { privatePem, publicKey } = generateKeyPair("P-384");
    const { failed, text } = await find({ CRYPTO__ECDH_PRIVATE_KEY: privatePem });
    expect(failed).toEqual(["node's key on the Hub"]);
    expect(text).toContain(`the Hub has another key for node ${service.nodeId}`);
    expect(text).toContain(publicKey.fingerprint.slice(0, 16));
    expect(text).toContain("openssl pkey -pubout");
    expect(text).not.toContain("PRIVATE KEY-----");
  });

  test("finds a private key that is none", async () => {
    const pem = "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n";
    const { failed, text } = await find({ CRYPTO__ECDH_PRIVATE_KEY: pem });
    expect(failed).toEqual(["settings"]);
    expect(text).toContain("CRYPTO__ECDH_PRIVATE_KEY cannot be used: found a key that cannot be decoded");
  });

  test("finds a node id that is another's", async () => {
    const { failed, text } = await find({ HUB__NODE_ID: service.world.seed.nodes[1]?.id });
    expect(failed).toEqual(["node's key on the Hub"]);
    expect(text).toContain(`the Hub knows this node as ${service.nodeId}. Correct or remove HUB__NODE_ID`);
  });

  test("finds a key set that cannot be reached, and one that is none", async () => {
    const away = await find({ OIDC__CERTS_URL: "http://127.0.0.1:1/certs" });
    expect(away.failed).toEqual(["token keys"]);
    expect(away.text).toContain("http://127.0.0.1:1 refuses the connection");
    expect(away.text).toContain("Check OIDC__CERTS_URL");
    const other = await find({ OIDC__CERTS_URL: `${service.identityUrl}/.well-known/openid-configuration` });
    expect(other.text).toContain("the answer is not a JSON Web Key Set");
    expect(other.text).toMatch(/Set OIDC__CERTS_URL to http\S+\/(?:jwks|certs)/);
    const algorithm = await find({ OIDC__ALGORITHMS: "ES256" });
    expect(algorithm.text).toContain("has no key for ES256, but keys for RS256. Set OIDC__ALGORITHMS");
  });

  test("finds a key set that is for encryption alone", async () => {
    const { keys } = service.identity.jwks();
    const provider = Bun.serve({
      port: 0,
      hostname: "127.0.0.1",
      fetch: () => Response.json({ keys: keys.map((key) => ({ ...key, use: "enc", alg: "RSA-OAEP" })) }),
    });
    const { failed, text } = await find({ OIDC__CERTS_URL: `http://127.0.0.1:${provider.port}/certs` });
    await provider.stop(true);
    expect(failed).toEqual(["token keys"]);
    expect(text).toContain(
      "has no key for RS256, but only keys for encryption. Have the identity provider offer a key for signatures",
    );
  });

  test("tells who of those whose clock it asks says no time", async () => {
    const body = JSON.stringify(service.identity.jwks());
    const head = `HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\nConnection: close`;
    // A server that sends no Date, which Bun's own always does.
    const provider = createServer((socket) => {
      socket.on("error", () => {});
      socket.once("data", () => socket.end(`${head}\r\n\r\n${body}`));
    });
    await once(provider.listen(0, "127.0.0.1"), "listening");
    const { port } = provider.address() as AddressInfo;
    const { checks, text } = await find({ OIDC__CERTS_URL: `http://127.0.0.1:${port}/certs` });
    provider.close();
    expect(text).toBe("");
    expect(checks.find(({ check }) => check === "clock")?.message).toBe(
      "agrees with that of the Hub; the identity provider: the answer had no Date to compare with",
    );
  });

  test.each([
    [600_000, "600 s ahead of that of the Hub, 600 s ahead of that of the identity provider"],
    [-600_000, "600 s behind that of the Hub"],
  ])("finds a clock that is %i ms off", async (offMs, message) => {
    const { failed, text } = await find({}, { now: () => Date.now() + offMs });
    expect(failed).toEqual(["clock"]);
    expect(text.replaceAll(/\b(?:599|601) s/g, "600 s")).toContain(message);
    expect(text).toContain("Synchronise the clocks (NTP)");
  });

  test("gives up on a check that hangs, and finishes the others", async () => {
    const lift = service.hub.fail({ path: /^\/core\/projects/ }, { kind: "hang" });
    const { failed, text } = await find({}, { limitMs: 300 });
    lift();
    expect(failed).toEqual(["Hub core"]);
    expect(text).toContain("no answer within 0.3 s");
  });

  test("makes nothing in a data folder that is not there yet, and says so", async () => {
    const folder = await mkdtemp(join(tmpdir(), "flame-result-doctor-"));
    const dataDir = join(folder, "data");
    const { code, text } = await find({ DATA_DIR: dataDir });
    expect([code, existsSync(dataDir), readdirSync(folder)]).toEqual([0, false, []]);
    expect(text).toContain(`warning data folder: ${dataDir} is still empty. The service fills it`);
    await rm(folder, { recursive: true });
  });

  test.each(["/proc/data", join(import.meta.path, "data")])("finds that %s cannot be made", async (dataDir) => {
    const { failed, text } = await find({ DATA_DIR: dataDir });
    expect(failed).toEqual(["data folder"]);
    expect(text).toMatch(/The folder \S+ cannot be written to \(.*\): let DATA_DIR name a folder/);
  });

  test.skipIf(!opensslInstalled())("finds a Hub whose certificate nobody has vouched for", async () => {
    const certificate = createPrivateCertificate();
    const { key, cert } = certificate;
    const hub = Bun.serve({ port: 0, hostname: "127.0.0.1", tls: { key, cert }, fetch: service.hub.fetch });
    const url = `https://127.0.0.1:${hub.port}`;
    const urls = {
      HUB__AUTH_BASE_URL: `${url}/auth`,
      HUB__CORE_BASE_URL: `${url}/core`,
      HUB__STORAGE_BASE_URL: `${url}/storage`,
      OIDC__CERTS_URL: `${url}/certs`,
    };
    const { failed, text } = await find(urls);
    expect(failed).toEqual(["Hub sign-in", "Hub core", "Hub storage", "token keys"]);
    expect(text.match(/no TLS with https:\S+ .* put the authority's certificate into .* EXTRA_CA_CERTS/g)).toHaveLength(
      4,
    );
    await hub.stop(true);
    certificate.remove();
  });

  test("finds a file of authorities that holds none", async () => {
    const io = createTestIo({ ...service.environment, EXTRA_CA_CERTS: "/ca.pem" });
    const pem = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    const reading = { ...io, readTextFile: (path: string) => (path === "/ca.pem" ? pem : io.readTextFile(path)) };
    expect(await doctor(reading, {}, { now: Date.now, limitMs: 12_000 })).toBe(1);
    const line = io.printed.find((line) => line.includes("certificates"));
    expect(line).toBeUndefined();
    expect(io.printed.join("\n")).toContain(
      "EXTRA_CA_CERTS names the file /ca.pem, which holds no certificate that can be read",
    );
  });
});

test.each(["2025", "2026-snake", "2026"] as const)(
  "a sound node passes with a Hub of the generation %s",
  async (generation) => {
    const service = await startTestService({ generation });
    const { code, text } = await examine(service.environment);
    expect([code, text]).toEqual([0, ""]);
    const readiness = await fetch(`${service.url}/readyz`);
    expect(await readiness.json()).toMatchObject({ status: "ready", parts: { hub: "ok" } });
    await service.stop();
  },
);

test("a user that signs in with a password is no node, so its key cannot be compared until its id is set", async () => {
  const service = await startTestService();
  const { username, password } = service.world.seed.user;
  const signIn = { HUB__AUTH__FLOW: "password", HUB__AUTH__USERNAME: username, HUB__AUTH__PASSWORD: password };
  const without = await examine({ ...service.environment, ...signIn });
  expect([without.code, without.text]).toEqual([0, expect.stringContaining("Set HUB__NODE_ID")]);
  const { code, text } = await examine({ ...service.environment, ...signIn, HUB__NODE_ID: service.nodeId });
  expect([code, text]).toEqual([0, ""]);
  await service.stop();
});
