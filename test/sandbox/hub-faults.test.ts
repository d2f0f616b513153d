import { expect, test } from "bun:test";
import { type ServedHub, serveHub } from "./serve-hub.ts";

function tempBucket(served: ServedHub): string {
  return served.hub.bucketOf(served.seed.analyses[0]?.id ?? "", "TEMP").bucketId ?? "";
}

async function ready() {
  const served = serveHub("2026");
  const token = await served.signIn(served.nodeA);
  const project = `/core/projects/${served.seed.projects[0]?.id}`;
  return { served, token, project, look: () => served.call(project, token) };
}

test("a status fault is answered as told, for as many requests as told", async () => {
  const { served, look } = await ready();
  await using _ = served;
  served.hub.fail(
    { path: /projects/ },
    { kind: "status", status: 429, body: { a: 1 }, headers: { "Retry-After": "7" } },
    2,
  );
  const first = await look();
  expect([first.status, first.headers.get("Retry-After"), await first.text()]).toEqual([429, "7", '{"a":1}']);
  expect([(await look()).status, (await look()).status]).toEqual([429, 200]);
});

test("a fault hits only its method and path, and can be lifted", async () => {
  const { served, token, look } = await ready();
  await using _ = served;
  const lift = served.hub.fail({ method: "DELETE", path: /^\/core\/projects/ }, { kind: "status", status: 503 });
  served.hub.fail({ path: /^\/storage/ }, { kind: "status", status: 502 });
  expect((await look()).status).toBe(200);
  const remove = () => served.call("/core/projects/x", token, { method: "DELETE" });
  expect((await remove()).status).toBe(503);
  lift();
  expect((await remove()).status).toBe(404);
});

test("garbage is 200 and no JSON", async () => {
  const { served, look } = await ready();
  await using _ = served;
  served.hub.fail({ path: /projects/ }, { kind: "garbage" });
  const response = await look();
  expect(response.status).toBe(200);
  await expect(response.json()).rejects.toThrow();
});

test("a hanging request ends only by its client, and is recorded without a status", async () => {
  const { served, token, project } = await ready();
  await using _ = served;
  served.hub.fail({ path: /projects/ }, { kind: "hang" });
  const controller = new AbortController();
  const hung = served.call(project, token, { signal: controller.signal });
  const first = await Promise.race([hung, Bun.sleep(100).then(() => "silence")]);
  expect(first).toBe("silence");
  controller.abort();
  await expect(hung).rejects.toThrow();
  expect(served.hub.requests.findLast((request) => request.path === project)?.status).toBeUndefined();
});

test("a delayed request is overtaken by a later one and still answered rightly", async () => {
  const { served, look } = await ready();
  await using _ = served;
  const ends: string[] = [];
  const ending = async (name: string) => {
    const { status } = await look();
    ends.push(`${name} ${status}`);
  };
  served.hub.fail({ path: /projects/ }, { kind: "delay", ms: 100 }, 1);
  const overtake = async (late: string, early: string) => {
    const arrived = served.hub.requests.length + 1;
    const delayed = ending(late);
    while (served.hub.requests.length < arrived) await Bun.sleep(1);
    served.hub.delayMs = 0;
    await Promise.all([delayed, ending(early)]);
  };
  await overtake("by fault", "at once");
  served.hub.delayMs = 100;
  await overtake("by setting", "at once again");
  expect(ends).toEqual(["at once 200", "by fault 200", "at once again 200", "by setting 200"]);
});

test("a dropped upload has happened, but its client hears a reset", async () => {
  const { served, token } = await ready();
  await using _ = served;
  served.hub.fail({ method: "POST", path: /upload$/ }, { kind: "drop" }, 1);
  await expect(served.upload(tempBucket(served), token, "a", "bytes")).rejects.toThrow();
  while (served.hub.state.files.size === 0) await Bun.sleep(5);
  expect(served.hub.requests.at(-1)).not.toHaveProperty("status");
});

test("a truncated download delivers no more than so many bytes and then breaks", async () => {
  const { served, token } = await ready();
  await using _ = served;
  for (const [afterBytes, size] of [
    [10, 100],
    [1_500_000, 3_000_000],
  ] as const) {
    await served.upload(tempBucket(served), token, `file-${size}`, "a".repeat(size));
    served.hub.fail({ path: /stream$/ }, { kind: "truncate", afterBytes }, 1);
    const file = served.hub.filesOf(tempBucket(served)).at(-1);
    const response = await served.call(`/storage/bucket-files/${file?.id}/stream`, token);
    expect(response.status).toBe(200);
    let received = 0;
    const reading = (async () => {
      for await (const piece of response.body ?? []) received += piece.byteLength;
    })();
    await expect(reading).rejects.toThrow();
    // What lies unread at the client when the connection is reset is lost to it.
    expect(received).toBeGreaterThan(0);
    expect(received).toBeLessThanOrEqual(afterBytes);
  }
});

test("an upload may be told to answer with no file or with two", async () => {
  const { served, token } = await ready();
  await using _ = served;
  served.hub.fail({ path: /upload$/ }, { kind: "empty" }, 1);
  served.hub.fail({ path: /upload$/ }, { kind: "twice" }, 1);
  const none = await served.upload(tempBucket(served), token, "a", "bytes");
  expect([none.status, await none.json()]).toEqual([201, { data: [], meta: { total: 0 } }]);
  const two = await served.upload(tempBucket(served), token, "a", "bytes");
  expect(await two.json()).toMatchObject({ data: [{ path: "a" }, { path: "again/a" }] });
});

test("requests are recorded with method, path, query, headers and status", async () => {
  const { served, token } = await ready();
  await using _ = served;
  await served.call("/core/nodes?page[limit]=1", token, { headers: { "X-Test": "1" } });
  const request = served.hub.requests.at(-1);
  expect(request).toMatchObject({ method: "GET", path: "/core/nodes", query: "?page[limit]=1", status: 200 });
  expect(request?.headers.get("X-Test")).toBe("1");
});
