import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createPrivateCertificate, opensslInstalled, type PrivateCertificate } from "../support/certificate.ts";
import { eventually } from "../support/eventually.ts";
import { buildExecutable, type Executable } from "../support/executable.ts";
import { isAvailable, startTestService, type TestService } from "../support/service.ts";
import { type Squid, squidInstalled, startSquid } from "../support/squid.ts";

const listening = /"url":"(http:[^"]+)"/;
const mebibyte = 1024 * 1024;

/** The executable beside a Hub that is also served behind TLS, with a certificate by an authority nobody knows. */
describe.skipIf(!opensslInstalled())("the way to the Hub", () => {
  let executable: Executable;
  let surroundings: TestService;
  let certificate: PrivateCertificate;
  let other: PrivateCertificate;
  let tlsHubUrl: string;
  let stopTls: () => Promise<void>;
  let folders = 0;

  beforeAll(async () => {
    executable = await buildExecutable();
    surroundings = await startTestService();
    [certificate, other] = [createPrivateCertificate(), createPrivateCertificate()];
    const server = Bun.serve({
      port: 0,
      hostname: "127.0.0.1",
      tls: { key: certificate.key, cert: certificate.cert },
      fetch: surroundings.hub.fetch,
      maxRequestBodySize: Number.MAX_SAFE_INTEGER,
      idleTimeout: 0,
    });
    tlsHubUrl = `https://127.0.0.1:${server.port}`;
    stopTls = () => server.stop(true);
  }, 60_000);
  afterAll(async () => {
    await stopTls();
    await surroundings.stop();
    await executable.remove();
    certificate.remove();
    other.remove();
  });

  async function start(hubUrl: string, env: Record<string, string> = {}) {
    const node = surroundings.world.seed.nodes[0];
    const service = await executable.start(["serve"], listening, {
      DATA_DIR: join(executable.folder, `data-${folders++}`),
      SERVER__HOST: "127.0.0.1",
      SERVER__PORT: "0",
      OIDC__CERTS_URL: `${surroundings.identityUrl}/certs`,
      HUB__AUTH_BASE_URL: `${hubUrl}/auth`,
      HUB__CORE_BASE_URL: `${hubUrl}/core`,
      HUB__STORAGE_BASE_URL: `${hubUrl}/storage`,
      HUB__AUTH__FLOW: "client",
      HUB__AUTH__ID: node?.clientId ?? "",
      HUB__AUTH__SECRET: node?.clientSecret ?? "",
      CRYPTO__PROVIDER: "raw",
      CRYPTO__ECDH_PRIVATE_KEY: surroundings.world.privateKeys[0],
      ...env,
    });
    const headers = { authorization: `Bearer ${await surroundings.token("1")}` };
    return {
      ...service,
      fetch: (path: string, init: RequestInit = {}) => fetch(`${service.match[1]}${path}`, { ...init, headers }),
    };
  }

  test("a Hub behind a private CA is refused without EXTRA_CA_CERTS, and the log says what to do", async () => {
    const service = await start(tlsHubUrl);
    const response = await service.fetch("/local/tags");
    expect([response.status, await response.json()]).toEqual([502, { detail: "The Hub cannot be reached" }]);
    await service.stop("SIGTERM");
    expect(service.output()).toContain("EXTRA_CA_CERTS");
  });

  test("variables of its runtime make it neither trust any Hub nor print a token", async () => {
    const env = { NODE_TLS_REJECT_UNAUTHORIZED: "0", BUN_CONFIG_VERBOSE_FETCH: "curl" };
    const service = await start(tlsHubUrl, env);
    expect((await service.fetch("/local/tags")).status).toBe(502);
    await service.stop("SIGTERM");
    const told = await service.written;
    expect(told).toContain("its authority is not known here");
    expect(told).not.toContain("Bearer ");
    expect(told).not.toContain("curl --");
  });

  test("with EXTRA_CA_CERTS it works, and the process is the one that was started", async () => {
    const service = await start(tlsHubUrl, { EXTRA_CA_CERTS: certificate.authorityPath });
    expect((await service.fetch("/local/tags")).status).toBe(200);
    // Re-executed in place: the pid that was started is the one that stops.
    expect(await service.stop("SIGTERM")).toBe(0);
  });

  test("a file of authorities that Bun itself could not read works as well, and nothing of it stays", async () => {
    const bundles = () => readdirSync(tmpdir()).filter((name) => name.startsWith("flame-result-ca-"));
    const before = bundles();
    const path = `${certificate.authorityPath}.odd`;
    const text = readFileSync(certificate.authorityPath, "utf8");
    writeFileSync(
      path,
      `\ufeff${text.replaceAll("\n", "\r")}-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----`,
    );
    const service = await start(tlsHubUrl, { EXTRA_CA_CERTS: path });
    expect((await service.fetch("/local/tags")).status).toBe(200);
    expect(await service.stop("SIGTERM")).toBe(0);
    expect(service.output()).toContain("certificate 2 cannot be read");
    expect(bundles()).toEqual(before);
  });

  test("roots that were trusted before still are", async () => {
    const env = { SSL_CERT_FILE: certificate.authorityPath, EXTRA_CA_CERTS: other.authorityPath };
    const service = await start(tlsHubUrl, env);
    expect((await service.fetch("/local/tags")).status).toBe(200);
    await service.stop("SIGTERM");
  });

  test("a CA file that is missing or holds no certificate is a problem with the settings", async () => {
    for (const path of ["/nonexistent/ca.pem", "/etc/hostname"]) {
      const { code, err } = await executable.run(["serve"], { EXTRA_CA_CERTS: path });
      expect(code).toBe(78);
      expect(err).toContain("EXTRA_CA_CERTS");
    }
  });

  test("proxies of the environment are used by nobody", async () => {
    const dead = "http://127.0.0.1:1";
    const names = ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"];
    const env = Object.fromEntries(
      names.flatMap((name) => [
        [name, dead],
        [name.toLowerCase(), dead],
      ]),
    );
    const service = await start(surroundings.hubUrl, env);
    expect((await service.fetch("/local/tags")).status).toBe(200);
    await service.stop("SIGTERM");
  });

  describe.skipIf(!squidInstalled())("through a proxy", () => {
    let squid: Squid;
    beforeAll(async () => {
      squid = await startSquid();
    }, 30_000);
    afterAll(() => squid.stop());

    test("http and https go through the one that is set, and only the Hub does", async () => {
      for (const hubUrl of [surroundings.hubUrl, tlsHubUrl]) {
        const before = squid.requests().length;
        const service = await start(hubUrl, { PROXY__HTTP_URL: squid.url, EXTRA_CA_CERTS: certificate.authorityPath });
        expect((await service.fetch("/local/tags")).status).toBe(200);
        await service.stop("SIGTERM");
        // Squid writes its log when it comes to it.
        await eventually(() => expect(squid.requests().length).toBeGreaterThan(before));
        const requests = squid.requests().slice(before);
        const { host } = new URL(hubUrl);
        for (const request of requests) expect(request).toContain(host);
        if (hubUrl === tlsHubUrl) expect(requests[0]).toStartWith("CONNECT ");
      }
    });

    test.skipIf(!isAvailable("servers"))("the object store and the database are never reached through it", async () => {
      const before = squid.requests().length;
      const service = await startTestService({ backend: "servers", env: { PROXY__HTTP_URL: squid.url } });
      const body = new FormData();
      body.append("file", new File(["x"], "x"));
      body.append("tag", "x");
      expect((await service.fetch("1", "/local", { method: "PUT", body })).status).toBe(200);
      const [own, ...others] = [service.hubUrl, surroundings.hubUrl, tlsHubUrl].map((url) => new URL(url).host);
      await eventually(() => expect(squid.requests().slice(before).join()).toContain(own ?? ""));
      // Lines of the tests before may come late.
      const isToHub = (request: string) => [own, ...others].some((host) => request.includes(host ?? ""));
      expect(
        squid
          .requests()
          .slice(before)
          .filter((request) => !isToHub(request)),
      ).toEqual([]);
      await service.stop();
    });

    test("a wrong password is a 502, and the log names the proxy but not the password", async () => {
      const service = await start(surroundings.hubUrl, { PROXY__HTTP_URL: squid.urlWithWrongPassword });
      const response = await service.fetch("/local/tags");
      expect([response.status, await response.json()]).toEqual([502, { detail: "The Hub cannot be reached" }]);
      await service.stop("SIGTERM");
      expect(service.output()).toContain("PROXY__");
      expect(service.output()).not.toContain("wrong@");
    });

    test("300 MiB each way through CONNECT leave the memory flat", async () => {
      const service = await start(tlsHubUrl, {
        PROXY__HTTPS_URL: squid.url,
        EXTRA_CA_CERTS: certificate.authorityPath,
      });
      const piece = new Uint8Array(mebibyte).fill(7);
      const head = '--b\r\nContent-Disposition: form-data; name="remote_node_id"\r\n\r\n';
      const part = '\r\n--b\r\nContent-Disposition: form-data; name="file"; filename="x"\r\n\r\n';
      async function* form() {
        yield new TextEncoder().encode(`${head}${surroundings.peerNodeId}${part}`);
        for (let index = 0; index < 300; index++) yield piece;
        yield new TextEncoder().encode("\r\n--b--\r\n");
      }
      const headers = {
        authorization: `Bearer ${await surroundings.token("1")}`,
        "content-type": "multipart/form-data; boundary=b",
      };
      const sent = await fetch(`${service.match[1]}/intermediate`, { method: "PUT", headers, body: form() });
      expect(sent.status).toBe(200);
      const { object_id } = (await sent.json()) as { object_id: string };
      const query = `remote_node_id=${surroundings.peerNodeId}`;
      const read = await fetch(`${service.match[1]}/intermediate/${object_id}?${query}`, { headers });
      let bytes = 0;
      for await (const chunk of read.body ?? []) bytes += chunk.byteLength;
      expect(bytes).toBe(300 * mebibyte);
      const peak = /VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${service.pid}/status`, "utf8"))?.[1];
      expect(Number(peak) / 1024).toBeLessThan(250);
      await service.stop("SIGTERM");
    }, 60_000);
  });
});
