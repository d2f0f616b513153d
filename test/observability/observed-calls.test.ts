import { expect, test } from "bun:test";
import { AppError } from "../../src/errors.ts";
import type { Outbound } from "../../src/hub/transport/outbound.ts";
import type { FinishedCall } from "../../src/observability/metrics.ts";
import { createObserveCall, observeKeyFetch, observeOutbound } from "../../src/observability/observed-calls.ts";

function observing() {
  const finished: FinishedCall[] = [];
  let nowMs = 0;
  const calling = (dependency: FinishedCall["dependency"]) => (call: Omit<FinishedCall, "dependency">) => {
    finished.push({ dependency, ...call });
  };
  return { finished, observe: createObserveCall({ calling }, () => (nowMs += 250)) };
}

const outboundAnswering = (status: number): Outbound => {
  const answer = async () => ({ status, body: undefined });
  return { call: answer, upload: answer, download: answer };
};

test("a call is told by its service and collection, never by its ids", async () => {
  const { finished, observe } = observing();
  const urls = { authUrl: "https://hub/auth", coreUrl: "https://hub", storageUrl: "https://hub/storage" };
  const outbound = observeOutbound(outboundAnswering(200), urls, observe);
  await outbound.call({ method: "POST", url: "https://hub/auth/token" });
  await outbound.call({ method: "GET", url: "https://hub/analyses/10000000-0000-4000-8000-000000000001" });
  await outbound.call({ method: "GET", url: "https://hub/nodes?filter%5Bid%5D=1" });
  await outbound.download({ method: "GET", url: "https://hub/storage/bucket-files/x/stream" });
  const upload = { openBody: () => new Blob([]).stream(), mayRepeat: () => true };
  await outbound.upload({ method: "POST", url: "https://hub/storage/buckets/x/upload", ...upload });
  expect(finished.map(({ dependency, operation }) => `${dependency} ${operation}`)).toEqual([
    "hub_auth POST token",
    "hub_core GET analyses",
    "hub_core GET nodes",
    "hub_storage download",
    "hub_storage upload",
  ]);
  expect(finished.every(({ outcome, seconds }) => outcome === "ok" && seconds === 0.25)).toBe(true);
});

test.each([
  [200, "ok"],
  [404, "ok"],
  [401, "failed"],
  [500, "failed"],
] as const)("a Hub that answers %i counts as %s", async (status, outcome) => {
  const { finished, observe } = observing();
  const urls = { authUrl: "http://a", coreUrl: "http://c", storageUrl: "http://s" };
  await observeOutbound(outboundAnswering(status), urls, observe).call({ method: "GET", url: "http://c/projects/1" });
  expect(finished).toMatchObject([{ outcome }]);
});

test("what the client broke off is no failure of the other side, and the error stays the same", async () => {
  const { finished, observe } = observing();
  for (const error of [new AppError("client_gone", "gone"), new AppError("object_store", "away"), new Error("bug")]) {
    const work = observe("object_store", "put", () => Promise.reject(error));
    expect(work).rejects.toBe(error);
    await work.catch(() => {});
  }
  expect(finished.map(({ outcome }) => outcome)).toEqual(["cancelled", "failed", "failed"]);
});

test("a key set that is not given counts as failed", async () => {
  const { finished, observe } = observing();
  const answer = async () => new Response("no", { status: 503 });
  const response = await observeKeyFetch(answer, observe)("http://id/certs", {});
  expect([response.status, finished]).toMatchObject([503, [{ dependency: "jwks", outcome: "failed" }]]);
});
