import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { describePostgresFailure } from "../../../src/database/postgres-failure.ts";
import { createOutbound } from "../../../src/hub/transport/create-outbound.ts";
import { explainFailure } from "../../../src/hub/transport/network-failure.ts";
import { quietLog } from "../../../src/log.ts";
import { asS3Failure } from "../../../src/objects/s3/s3-failure.ts";
import { createPrivateCertificate, opensslInstalled, type PrivateCertificate } from "../../support/certificate.ts";
import { type Squid, squidInstalled, startSquid } from "../../support/squid.ts";
import { catchAppError } from "../catch-error.ts";
import { SEED, type ServedHub, serveHub } from "../serve-hub.ts";

const MIB = 1024 * 1024;

test.each([
  ["CERT_HAS_EXPIRED", "renew"],
  ["CERT_NOT_YET_VALID", "not valid yet"],
  ["ERR_TLS_CERT_ALTNAME_INVALID", "another host name"],
])("a certificate's fault (%s) says what to do, of the Hub, the object store and PostgreSQL alike", (code, advice) => {
  const fault = Object.assign(new Error("no"), { code });
  const origin = "https://hub.example";
  const failures = [
    explainFailure(fault, { origin }).error,
    explainFailure(fault, { origin, proxy: "http://proxy.example:3128" }).error,
    asS3Failure("PutObject", fault),
    describePostgresFailure(fault, "db:5432, database flame", false),
  ];
  for (const failure of failures) {
    expect(failure).toMatchObject({ operatorDetail: expect.stringMatching(new RegExp(`${code}.*${advice}`)) });
  }
});

describe.skipIf(!opensslInstalled())("a Hub whose certificate is by a private authority", () => {
  let certificate: PrivateCertificate;
  let served: ServedHub;
  let squid: Squid | undefined;
  beforeAll(async () => {
    certificate = createPrivateCertificate();
    served = serveHub({ generation: "2026", tls: certificate });
    if (squidInstalled()) squid = await startSquid();
  });
  afterAll(async () => {
    await squid?.stop();
    await served?.stop();
    certificate?.remove();
  });

  /** Extra roots count from the start of a process only, so the client runs in one of its own. */
  async function runClient(sizeBytes: number, proxyUrl?: string) {
    const { bucketId } = served.sandbox.bucketOf(SEED.analysis1.id, "TEMP");
    const path = /stream$/;
    served.sandbox.fail({ path }, { kind: "delay", ms: 0 }, 1);
    // Broken off once, it would go on.
    served.sandbox.fail({ path }, { kind: "truncate", afterBytes: 100_000 }, 2);
    served.sandbox.fail({ path }, { kind: "hang" }, 1);
    const settings = JSON.stringify({ baseUrl: served.baseUrl, proxyUrl, bucketId, sizeBytes });
    const child = Bun.spawn([process.execPath, `${import.meta.dir}/file-client.ts`, settings], {
      env: { ...process.env, NODE_EXTRA_CA_CERTS: certificate.authorityPath },
      stdout: "pipe",
      stderr: "pipe",
    });
    const [out, problems] = await Promise.all([child.stdout.text(), child.stderr.text()]);
    if ((await child.exited) !== 0) throw new Error(problems);
    const told: { refusedTookMib: number; peakMib: number } = JSON.parse(out);
    return told;
  }

  const asItShould = {
    same: true,
    refusal: "hub_unexpected 404",
    broken: "hub_unreachable ",
    silent: "hub_timeout ",
  };

  test("is not trusted of itself, and the way out is named", async () => {
    const error = await catchAppError(served.connect().projectExists(SEED.projectA.id));
    expect(error.code).toBe("hub_unreachable");
    expect(error.operatorDetail).toContain("EXTRA_CA_CERTS");
  });

  test("spoken to in plain HTTP is a matter of https", async () => {
    const url = served.baseUrl.replace("https:", "http:");
    const outbound = createOutbound({ log: quietLog, limits: { attempts: 1 } });
    const error = await catchAppError(outbound.call({ method: "GET", url }));
    expect(error.code).toBe("hub_unreachable");
    expect(error.operatorDetail).toContain("use https");
  });

  test("takes and gives large files in little memory when its authority is known", async () => {
    const told = await runClient(200 * MIB);
    expect(told).toMatchObject(asItShould);
    expect(told.refusedTookMib).toBeLessThan(50);
    expect(told.peakMib).toBeLessThan(180);
  }, 60_000);

  test.skipIf(!squidInstalled())(
    "and just so through a proxy, nothing of it unencrypted",
    async () => {
      const told = await runClient(200 * MIB, squid?.url);
      expect(told).toMatchObject(asItShould);
      expect(told.refusedTookMib).toBeLessThan(50);
      expect(told.peakMib).toBeLessThan(180);
      expect(new Set(squid?.requests().map((line) => line.split(" ")[0]))).toEqual(new Set(["CONNECT"]));
    },
    60_000,
  );

  test.skipIf(!squidInstalled())("a wrong proxy password is told from a failing Hub", async () => {
    const hub = served.connect({ proxy: { httpUrl: squid?.urlWithWrongPassword } });
    for (const ask of [hub.projectExists, hub.download]) {
      const error = await catchAppError(ask(SEED.projectA.id));
      expect([error.code, error.operatorDetail?.includes("user or password (407)")]).toEqual(["hub_unreachable", true]);
    }
  });
});
