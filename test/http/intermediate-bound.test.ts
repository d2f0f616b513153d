import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { randomBytes } from "node:crypto";
import { formOf, startTestService, type TestService } from "../support/service.ts";

interface Sent {
  readonly url: string;
  readonly object_id: string;
}

const content = randomBytes(2_500_000);

async function send(from: TestService, to: string, path = "/intermediate"): Promise<Sent> {
  const body = formOf(["remote_node_id", to], ["file", new File([content], "gradients.bin")]);
  const response = await from.fetch("1", path, { method: "PUT", body });
  expect([response.status, await response.clone().text()]).toEqual([200, expect.any(String)]);
  return (await response.json()) as Sent;
}

async function expectRefusal(response: Response, id: string, sender: string) {
  const detail = `Failed to decrypt file with ID ${id} which was encrypted by node ${sender}.`;
  expect([response.status, await response.json()]).toEqual([400, { detail }]);
}

describe("with the bound framing", () => {
  let a: TestService;
  let b: TestService;
  /** The same node as `b`, with the new framing. */
  let upgraded: TestService;

  beforeAll(async () => {
    a = await startTestService({ env: { CRYPTO__FRAMING: "bound", CRYPTO__ACCEPT: "bound" } });
    b = await startTestService({ besides: a });
    upgraded = await startTestService({ besides: a, env: { CRYPTO__FRAMING: "bound" } });
  });
  afterAll(async () => {
    for (const service of [upgraded, b, a]) await service.stop();
  });

  const queryOf = (url: string) => new URL(url).search;
  const read = (by: TestService, id: string, query: string) => by.fetch("1", `/intermediate/${id}${query}`);

  async function keep(id: string): Promise<Uint8Array> {
    return new Uint8Array(await a.hub.readFile(id));
  }

  test("a file arrives as it was sent, and its link carries a seal behind the sender", async () => {
    const { url, object_id } = await send(a, b.nodeId);
    expect(queryOf(url)).toMatch(new RegExp(`^\\?remote_node_id=${a.nodeId}&seal=[0-9a-f]{32}$`));
    const stored = await keep(object_id);
    expect(Buffer.from(stored.subarray(0, 8)).toString()).toBe("FLAMEv2\n");
    const seal = Buffer.from(stored.subarray(32, 48)).toString("hex");
    expect(url.endsWith(seal)).toBe(true);
    for (const query of [
      queryOf(url),
      `?remote_node_id=${a.nodeId}`,
      `${queryOf(url)}?node_id=${b.nodeId}`,
      `?remote_node_id=${a.nodeId}&seal=${seal.toUpperCase()}`,
      `?node_id=${a.nodeId}&seal=None`,
    ]) {
      const response = await read(b, object_id, query);
      expect([query, response.status]).toEqual([query, 200]);
      expect(content.equals(await response.bytes())).toBe(true);
    }
  });

  test("a file of the same analysis, sender and receiver in place of another one shows by the seal alone", async () => {
    const first = await send(a, b.nodeId);
    const second = await send(a, b.nodeId);
    expect((await read(b, second.object_id, `?remote_node_id=${a.nodeId}`)).status).toBe(200);
    await expectRefusal(await read(b, second.object_id, queryOf(first.url)), second.object_id, a.nodeId);
    await expectRefusal(
      await read(b, second.object_id, `?remote_node_id=${a.nodeId}&seal=nonsense`),
      second.object_id,
      a.nodeId,
    );
  });

  test("CRYPTO__ACCEPT=bound takes bound files and refuses older framings and an empty body", async () => {
    const bound = await send(upgraded, a.nodeId);
    expect((await read(a, bound.object_id, queryOf(bound.url))).status).toBe(200);
    const older = await send(b, a.nodeId);
    await expectRefusal(await read(a, older.object_id, queryOf(older.url)), older.object_id, b.nodeId);
    const form = formOf(["file", new File([], "empty.bin")]);
    const empty = (await (await b.fetch("1", "/intermediate", { method: "PUT", body: form })).json()) as Sent;
    await expectRefusal(await read(a, empty.object_id, `?remote_node_id=${b.nodeId}`), empty.object_id, b.nodeId);
    expect((await read(b, empty.object_id, `?remote_node_id=${a.nodeId}`)).status).toBe(200);
  });

  test("a node does not read its own file as one from its receiver", async () => {
    const { object_id } = await send(a, b.nodeId);
    await expectRefusal(await read(a, object_id, `?remote_node_id=${b.nodeId}`), object_id, b.nodeId);
  });

  test("a stored object is sent bound, too", async () => {
    const stored = formOf(["file", new File([content], "stored.bin")]);
    const { object_id } = (await (await a.fetch("1", "/local", { method: "PUT", body: stored })).json()) as Sent;
    const path = `/local/upload?object_id=${object_id}&remote_node_id=${b.nodeId}`;
    const sent = (await (await a.fetch("1", path, { method: "PUT" })).json()) as Sent;
    const response = await read(b, sent.object_id, queryOf(sent.url));
    expect(content.equals(await response.bytes())).toBe(true);
  });
});
