import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { generateKeyPair } from "../../src/crypto/keys.ts";
import { eventually } from "../support/eventually.ts";
import { contentOf, type Sent, send } from "../support/intermediates.ts";
import { connectRaw } from "../support/raw-http.ts";
import { type Client, formOf, startTestService, type TestService } from "../support/service.ts";

const mebibyte = 1024 * 1024;
const unknownId = "0b8e9f5e-52cf-4a51-9d29-6f0b6f7a3f10";

describe("intermediates", () => {
  let a: TestService;
  beforeAll(async () => {
    a = await startTestService();
  });
  afterAll(() => a.stop());

  const put = (parts: readonly (readonly [string, string | File])[], as: Client = "1") =>
    a.fetch(as, "/intermediate", { method: "PUT", body: formOf(...parts) });
  const file = new File(["x"], "x.bin");
  const filesAtHub = () => a.hub.state.files.size;

  test("only an analysis that owns the bucket may read a file", async () => {
    const { object_id } = await send(a, "mine");
    expect((await a.fetch("1", `/intermediate/${object_id}`)).status).toBe(200);
    for (const other of ["2", "3", "adapter", "nobody"] as const) {
      const read = await a.fetch(other, `/intermediate/${object_id}`);
      expect([read.status, await read.json()]).toEqual([404, { detail: `Object with ID ${object_id} does not exist` }]);
    }
    const missing = await a.fetch("1", `/intermediate/${unknownId}`);
    expect(await missing.json()).toEqual({ detail: `Object with ID ${unknownId} does not exist` });
  });

  test("what cannot be sent is refused, before or after the file part, and leaves nothing", async () => {
    a.hub.addNode({
      id: unknownId,
      name: "c",
      clientId: crypto.randomUUID(),
      clientSecret: "",
      robotId: crypto.randomUUID(),
      robotSecret: "",
      publicKey: null,
    });
    const other = crypto.randomUUID();
    const cases = [
      [other, 404, `Remote node with ID ${other} does not exist.`],
      [unknownId, 400, `Remote node with ID ${unknownId} does not provide a public key`],
    ] as const;
    const before = filesAtHub();
    for (const [id, status, detail] of cases) {
      for (const parts of [
        [
          ["remote_node_id", id],
          ["file", file],
        ],
        [
          ["file", file],
          ["remote_node_id", id],
        ],
      ] as const) {
        const response = await put([...parts]);
        expect([response.status, await response.json()]).toEqual([status, { detail }]);
      }
    }
    for (const parts of [
      [
        ["remote_node_id", "node b"],
        ["file", file],
      ],
      [
        ["file", file],
        ["remote_node_id", "node b"],
      ],
    ] as const) {
      const response = await put([...parts]);
      expect(response.status).toBe(422);
      expect(await response.json()).toMatchObject({
        detail: [{ type: "uuid_parsing", loc: ["body", "remote_node_id"] }],
      });
    }
    expect(filesAtHub()).toBe(before);
  });

  test("a token that the Hub no longer takes costs no file, however large, and wherever its receiver is named", async () => {
    const large = new File([new Uint8Array(3 * mebibyte)], "large.bin");
    const receiver = ["remote_node_id", a.peerNodeId] as const;
    const stored = await a.fetch("1", "/local", { method: "PUT", body: formOf(["file", large]) });
    const { object_id: objectId } = (await stored.json()) as { object_id: string };
    const copy = `/local/upload?object_id=${objectId}&remote_node_id=${a.peerNodeId}`;
    await put([receiver, ["file", large]]);
    for (const spoil of [a.hub.revokeTokens, a.hub.rotateKeys]) {
      for (const parts of [
        [receiver, ["file", large] as const],
        [["file", large] as const, receiver],
        [["file", large] as const],
      ]) {
        spoil();
        expect((await put(parts)).status).toBe(200);
      }
      spoil();
      expect((await a.fetch("1", copy, { method: "PUT" })).status).toBe(200);
    }
  });

  test("a key on another curve is refused by the names of both", async () => {
    const node = a.world.seed.nodes[1]?.id ?? "";
    const service = await startTestService();
    service.hub.setNodeKey(node, generateKeyPair("P-256").publicKey.hex);
    const response = await service.fetch("1", "/intermediate", {
      method: "PUT",
      body: formOf(["remote_node_id", node], ["file", file]),
    });
    expect(response.status).toBe(400);
    expect(((await response.json()) as { detail: string }).detail).toMatch(/P-256.*P-384|P-384.*P-256/);
    await service.stop();
  });

  test("an analysis without a bucket is told so", async () => {
    for (const as of ["adapter", "nobody"] as const) {
      const response = await put([["file", file]], as);
      expect(response.status).toBe(404);
      expect(((await response.json()) as { detail: string }).detail).toMatch(
        /^Temp bucket for analysis with ID .+ was not found$/,
      );
    }
  });

  test("the form is judged before the Hub is asked", async () => {
    const before = a.hub.requests.length;
    expect((await put([["remote_node_id", a.peerNodeId]], "nobody")).status).toBe(422);
    expect(
      (
        await put(
          [
            ["remote_node_id", "x"],
            ["file", file],
          ],
          "nobody",
        )
      ).status,
    ).toBe(422);
    expect(a.hub.requests.length).toBe(before);
    for (const query of ["", `object_id=${unknownId}`, `object_id=x&remote_node_id=${a.peerNodeId}`]) {
      expect((await a.fetch("1", `/local/upload?${query}`, { method: "PUT" })).status).toBe(422);
    }
    const wrong = await a.fetch("1", `/intermediate/${unknownId}?remote_node_id=x`);
    expect(await wrong.json()).toMatchObject({ detail: [{ loc: ["query", "remote_node_id"] }] });
  });

  test("a Hub that reports no file, or two, is a 502 and nothing stays", async () => {
    const before = filesAtHub();
    for (const [kind, count] of [
      ["empty", 0],
      ["twice", 2],
    ] as const) {
      a.hub.fail({ method: "POST", path: /\/upload$/ }, { kind }, 1);
      const response = await put([
        ["remote_node_id", a.peerNodeId],
        ["file", file],
      ]);
      const detail = `Expected single uploaded file to be returned by storage service, got ${count}`;
      expect([response.status, await response.json()]).toEqual([502, { detail }]);
    }
    expect(filesAtHub()).toBe(before);
  });

  test.each([
    [{ kind: "status", status: 500 }, 502],
    [{ kind: "status", status: 403 }, 502],
    [{ kind: "status", status: 404 }, 502],
    [{ kind: "garbage" }, 502],
    [{ kind: "drop" }, 502],
  ] as const)("an upload that the Hub answers with %j is a %i", async (fault, status) => {
    const lift = a.hub.fail({ method: "POST", path: /\/upload$/ }, fault);
    const response = await put([
      ["remote_node_id", a.peerNodeId],
      ["file", file],
    ]);
    lift();
    expect(response.status).toBe(status);
    expect(a.hub.state.brokenUploads).toBe(0);
  });

  test("a download that the Hub breaks off is visibly broken", async () => {
    const { object_id } = await send(a, contentOf(3 * mebibyte));
    // A second time at the same place brings nothing new.
    a.hub.fail({ path: /\/stream$/ }, { kind: "truncate", afterBytes: mebibyte }, 2);
    const read = await a.fetch("1", `/intermediate/${object_id}`);
    expect(read.bytes()).rejects.toThrow();
    await read.bytes().catch(() => {});
  });

  test("a download that the Hub breaks off three times further and further on comes whole all the same", async () => {
    const content = contentOf(3 * mebibyte);
    for (const to of [undefined, a.peerNodeId]) {
      const { object_id } = await send(a, content, to);
      for (const afterBytes of [200_000, mebibyte + 1, 2 * mebibyte]) {
        a.hub.fail({ path: /\/stream$/ }, { kind: "truncate", afterBytes }, 1);
      }
      const before = a.hub.requests.length;
      const read = await a.fetch("1", `/intermediate/${object_id}${to === undefined ? "" : `?node_id=${to}`}`);
      expect(Buffer.compare(await read.bytes(), content)).toBe(0);
      expect(a.hub.requests.slice(before).filter(({ path }) => path.endsWith("/stream")).length).toBe(4);
    }
  });

  test("a client that goes away never breaks off the Hub's upload, and leaves nothing there", async () => {
    const before = filesAtHub();
    const client = await connectRaw(a.url);
    const form =
      `--b\r\nContent-Disposition: form-data; name="remote_node_id"\r\n\r\n${a.peerNodeId}\r\n` +
      `--b\r\nContent-Disposition: form-data; name="file"; filename="x"\r\n\r\n${"y".repeat(2_000_000)}`;
    const uploads = () => a.hub.requests.filter(({ path }) => path.endsWith("/upload")).length;
    const uploadsBefore = uploads();
    await client.send(
      `PUT /intermediate HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${await a.token("1")}\r\n` +
        `Content-Type: multipart/form-data; boundary=b\r\nContent-Length: 9000000\r\n\r\n${form}`,
    );
    await eventually(() => expect(uploads()).toBe(uploadsBefore + 1));
    client.close();
    await eventually(() => expect(a.hub.requests.at(-1)?.method).toBe("DELETE"));
    await eventually(() => expect(filesAtHub()).toBe(before));
    expect(a.hub.state.brokenUploads).toBe(0);
  });

  test("a form that goes wrong after its file takes the Hub's copy back", async () => {
    const before = filesAtHub();
    const response = await put([
      ["remote_node_id", a.peerNodeId],
      ["file", file],
      ["file", file],
    ]);
    expect(response.status).toBe(422);
    expect(filesAtHub()).toBe(before);
  });

  test("file names may repeat, be long, and be Unicode", async () => {
    for (const name of ["same.bin", "same.bin", `${"n".repeat(250)}.bin`, "ünïcödé 数据.csv", 'a"b.txt']) {
      const body = formOf(["file", new File(["x"], name)]);
      const sent = await a.fetch("1", "/intermediate", { method: "PUT", body });
      expect([name, sent.status]).toEqual([name, 200]);
      const read = await a.fetch("1", `/intermediate/${((await sent.json()) as Sent).object_id}`);
      expect(read.status).toBe(200);
    }
  });

  test("HEAD tells whether a file is there without fetching it", async () => {
    const { object_id } = await send(a, "head");
    const before = a.hub.requests.filter(({ path }) => path.endsWith("/stream")).length;
    const head = await a.fetch("1", `/intermediate/${object_id}`, { method: "HEAD" });
    expect(head.status).toBe(200);
    // A length of 0 would say that it is empty.
    expect(head.headers.get("content-length")).toBeNull();
    expect((await a.fetch("1", `/intermediate/${unknownId}`, { method: "HEAD" })).status).toBe(404);
    expect(a.hub.requests.filter(({ path }) => path.endsWith("/stream")).length).toBe(before);
  });
});
