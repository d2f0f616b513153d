import { afterEach, expect, test } from "bun:test";
import { createHub } from "../../src/hub/create-hub.ts";
import { createOutbound } from "../../src/hub/transport/create-outbound.ts";
import { quietLog } from "../../src/log.ts";
import { catchAppError } from "./catch-error.ts";

const ID = "00000000-0000-4000-8000-000000000001";
const OTHER = "00000000-0000-4000-8000-000000000002";

let server: Bun.Server<undefined> | undefined;
afterEach(() => server?.stop(true));

/** A client of a Hub that answers everything but the sign-in with the same JSON. */
function hubThatSays(answer: unknown) {
  server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    fetch: ({ url }) =>
      Response.json(url.endsWith("/token") ? { access_token: "t", expires_in: 60, token_type: "Bearer" } : answer),
  });
  const base = `http://127.0.0.1:${server.port}`;
  return createHub({
    ...{ authUrl: base, coreUrl: base, storageUrl: base },
    signIn: { flow: "client", id: ID, secret: "s" },
    ...{ outbound: createOutbound({ log: quietLog }), cacheSeconds: 0, now: Date.now, log: quietLog },
  });
}

const page = (...data: unknown[]) => ({ data, meta: { total: data.length } });
const bucketOf = (analysisId: string, type: string) => ({ id: OTHER, bucketId: OTHER, analysisId, type });

test("a bucket of another analysis or type is never taken", async () => {
  const hub = hubThatSays(page(bucketOf(OTHER, "TEMP"), bucketOf(ID, "CODE"), bucketOf(ID, "RESULT")));
  expect(await hub.findBucket(ID, "TEMP")).toBeUndefined();
  expect((await hub.findBucket(ID, "RESULT"))?.bucketId).toBe(OTHER);
});

test("the right bucket is taken from among others", async () => {
  const mine = { id: ID, bucketId: ID, analysisId: ID.toUpperCase(), type: "temp" };
  const hub = hubThatSays(page(bucketOf(OTHER, "TEMP"), mine, bucketOf(OTHER, "TEMP")));
  expect((await hub.findBucket(ID, "TEMP"))?.bucketId).toBe(ID);
});

test("another node is never taken for the own one", async () => {
  expect(await hubThatSays(page({ id: ID, clientId: OTHER, robotId: ID })).findOwnNodeId()).toBeUndefined();
});

test("files of another bucket are not listed", async () => {
  const file = { id: ID, path: "p", size: 1, bucketId: OTHER };
  expect(await Array.fromAsync(hubThatSays(page(file)).listFiles(ID))).toEqual([]);
});

test("a record with another id than asked for is an error, and no project is gone by it", async () => {
  const hub = hubThatSays({ data: { id: OTHER, projectId: OTHER }, meta: {} });
  for (const ask of [hub.findProjectId, hub.projectExists, hub.findNode, hub.findFile]) {
    expect((await catchAppError(ask(ID))).code).toBe("hub_unexpected");
  }
});

test("an analysis without a project is an error", async () => {
  expect((await catchAppError(hubThatSays({ id: ID, project_id: null }).findProjectId(ID))).code).toBe(
    "hub_unexpected",
  );
});

test("an uploaded file without a size is an error", async () => {
  const upload = { path: "p", contentType: "text/plain", body: new Blob(["x"]).stream() };
  const hub = hubThatSays(page({ id: ID, bucketId: ID, path: "p" }));
  expect((await catchAppError(hub.upload(ID, upload))).code).toBe("hub_unexpected");
});
