import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { createOutbound } from "../../../src/hub/transport/create-outbound.ts";
import { findProxy, maskProxy } from "../../../src/hub/transport/proxy.ts";
import { quietLog } from "../../../src/log.ts";
import { eventually } from "../../support/eventually.ts";
import { type Squid, squidInstalled, startSquid } from "../../support/squid.ts";
import { pulledBody, sha256OfPattern } from "../bodies.ts";
import { catchAppError } from "../catch-error.ts";
import { SEED, type ServedHub, serveHub } from "../serve-hub.ts";
import { startRawServer } from "./raw-server.ts";

const MIB = 1024 * 1024;

test("one proxy set serves http and https, two serve each their own", () => {
  const http = new URL("http://hub/");
  const https = new URL("https://hub/");
  const [a, b] = ["http://a", "http://b"];
  expect([findProxy({ httpUrl: a }, http), findProxy({ httpUrl: a }, https)]).toEqual([a, a]);
  expect([findProxy({ httpsUrl: b }, http), findProxy({ httpsUrl: b }, https)]).toEqual([b, b]);
  const both = { httpUrl: a, httpsUrl: b };
  expect([findProxy(both, http), findProxy(both, https)]).toEqual([a, b]);
  expect([findProxy({}, http), findProxy(undefined, https)]).toEqual([undefined, undefined]);
});

test("a proxy is shown without its password", () => {
  expect(maskProxy("http://me:secret@proxy:3128/")).toBe("http://me:***@proxy:3128");
  expect(maskProxy("http://proxy:3128")).toBe("http://proxy:3128");
});

test("a proxy that is not there is named, without its password", async () => {
  const served = serveHub({ generation: "2026" });
  const hub = served.connect({ proxy: { httpUrl: "http://me:secret@127.0.0.1:1" }, limits: { attempts: 1 } });
  const error = await catchAppError(hub.projectExists(SEED.projectA.id));
  expect(error.code).toBe("hub_unreachable");
  expect(error.operatorDetail).toContain("the proxy http://me:***@127.0.0.1:1 refuses the connection");
  await served.stop();
});

test("a proxy that accepts and then says nothing is a matter of time, for files too", async () => {
  const open = new Set<number>();
  const proxy = await startRawServer((socket, connection) => {
    open.add(connection);
    socket.once("close", () => open.delete(connection));
  });
  const httpUrl = `http://127.0.0.1:${proxy.port}`;
  const outbound = createOutbound({ log: quietLog, proxy: { httpUrl }, limits: { callMs: 200, idleMs: 200 } });
  const request = { method: "GET", url: "https://hub.invalid/" } as const;
  expect((await catchAppError(outbound.call(request))).code).toBe("hub_timeout");
  const error = await catchAppError(outbound.download(request));
  expect([error.code, error.operatorDetail?.includes(httpUrl)]).toEqual(["hub_timeout", true]);
  // On a busy machine a call may be given up before it has reached the proxy: how many came does not count.
  await eventually(() => {
    expect(proxy.received.length).toBeGreaterThan(0);
    expect([...open]).toEqual([]);
  }, 20_000);
  proxy.stop();
});

describe.skipIf(!squidInstalled())("through a proxy with user and password", () => {
  let squid: Squid;
  let served: ServedHub;
  beforeAll(async () => {
    squid = await startSquid();
    served = serveHub({ generation: "2026" });
  });
  afterAll(async () => {
    await served?.stop();
    await squid?.stop();
  });

  test("look-ups and files reach an http Hub", async () => {
    const hub = served.connect({ proxy: { httpsUrl: squid.url } });
    const bucket = await hub.findBucket(SEED.analysis1.id, "TEMP");
    const { body } = pulledBody(5 * MIB);
    const upload = { path: "a", contentType: "application/octet-stream", body };
    const [file] = await hub.upload(bucket?.bucketId ?? "", upload);
    const bytes = await new Response(await hub.download(file?.id ?? "")).bytes();
    expect(new Bun.CryptoHasher("sha256").update(bytes).digest("hex")).toBe(sha256OfPattern(5 * MIB));
    const direct = served.sandbox.requests.filter(({ headers }) => headers.get("via") === null);
    expect(direct).toEqual([]);
    expect(squid.requests().length).toBeGreaterThanOrEqual(4);
  });

  test("a wrong password is an error that names the proxy", async () => {
    const hub = served.connect({ proxy: { httpUrl: squid.urlWithWrongPassword } });
    const error = await catchAppError(hub.projectExists(SEED.projectA.id));
    expect(error.code).toBe("hub_unreachable");
    expect(error.operatorDetail).toMatch(/the proxy http:\/\/node%20a:\*\*\*@.* refuses its user or password \(407\)/);
  });
});
