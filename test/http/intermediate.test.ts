import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { generateKeyPair } from "../../src/crypto/keys.ts";
import type { HubGeneration } from "../../src/sandbox/hub/hub.ts";
import { eventually } from "../support/eventually.ts";
import { connectRaw } from "../support/raw-http.ts";
import { type Client, formOf, startTestService, type TestService } from "../support/service.ts";

const generations: HubGeneration[] = ["2025", "2026-snake", "2026"];
const framings = ["segmented", "single"];
const mebibyte = 1024 * 1024;
const unknownId = "0b8e9f5e-52cf-4a51-9d29-6f0b6f7a3f10";

interface Sent {
  readonly url: string;
  readonly object_id: string;
}

function contentOf(bytes: number): Uint8Array<ArrayBuffer> {
  const content = new Uint8Array(bytes);
  for (let at = 0; at < bytes; at += 65_536) crypto.getRandomValues(content.subarray(at, at + 65_536));
  return content;
}

async function send(
  from: TestService,
  content: Uint8Array<ArrayBuffer> | string,
  to?: string,
  as: Client = "1",
): Promise<Sent> {
  const parts = to === undefined ? [] : ([["remote_node_id", to]] as const);
  const body = formOf(...parts, ["file", new File([content], "gradients.bin")]);
  const response = await from.fetch(as, "/intermediate", { method: "PUT", body });
  expect([response.status, await response.clone().text()]).toEqual([200, expect.any(String)]);
  return (await response.json()) as Sent;
}

const pathOf = (url: string) => url.slice(new URL(url).origin.length);

describe.each(generations)("two nodes and a Hub of generation %s", (generation) => {
  describe.each(framings)("with %s framing", (framing) => {
    let a: TestService;
    let b: TestService;

    beforeAll(async () => {
      const env = { CRYPTO__FRAMING: framing, CHUNK_SIZE: "65536" };
      a = await startTestService({ generation, env });
      b = await startTestService({ besides: a, env });
    });
    afterAll(async () => {
      await b.stop();
      await a.stop();
    });

    test.each([0, 1, 65_507, 65_508, 65_509, 3 * mebibyte])(
      "%i bytes arrive as they were sent, and the Hub cannot read them",
      async (bytes) => {
        const content = contentOf(bytes);
        const { url, object_id } = await send(a, content, b.nodeId);
        expect(url).toBe(`${a.url}/intermediate/${object_id}?remote_node_id=${a.nodeId}`);
        const read = await b.fetch("1", pathOf(url));
        expect(read.status).toBe(200);
        expect(Buffer.from(await read.bytes()).equals(Buffer.from(content))).toBe(true);
        if (bytes >= 16)
          expect(Buffer.from(await a.hub.readFile(object_id)).includes(Buffer.from(content.subarray(0, 16)))).toBe(
            false,
          );
      },
    );

    test("the answer is the same whichever way the node is spelt and wherever the file part stands", async () => {
      const content = contentOf(100_000);
      const file = new File([content], "late.bin");
      const spelt = b.nodeId.toUpperCase();
      const body = formOf(["file", file], ["remote_node_id", spelt]);
      const sent = await a.fetch("1", "/intermediate", { method: "PUT", body });
      const { object_id } = (await sent.json()) as Sent;
      for (const query of [
        `remote_node_id=${a.nodeId}`,
        `node_id=${a.nodeId}`,
        `remote_node_id=${a.nodeId}&node_id=${b.nodeId}`,
        `remote_node_id=${a.nodeId}?node_id=${b.nodeId}`,
        `remote_node_id=None&node_id=${a.nodeId.replaceAll("-", "")}`,
      ]) {
        const read = await b.fetch("1", `/intermediate/${object_id}?${query}`);
        expect([query, read.status]).toEqual([query, 200]);
        expect(Buffer.from(await read.bytes()).equals(Buffer.from(content))).toBe(true);
      }
    });

    test("without a node the file travels as it is", async () => {
      const { url, object_id } = await send(a, "open to all");
      expect(url).toBe(`${a.url}/intermediate/${object_id}`);
      for (const query of ["", "?remote_node_id=", "?remote_node_id=None"]) {
        expect(await (await b.fetch("1", `/intermediate/${object_id}${query}`)).text()).toBe("open to all");
      }
    });

    test("a stored object is sent without passing through the client", async () => {
      const content = contentOf(200_000);
      const body = formOf(["file", new File([content], "stored.bin")]);
      const stored = (await (await a.fetch("1", "/local", { method: "PUT", body })).json()) as Sent;
      const query = `object_id=${stored.object_id}&remote_node_id=${b.nodeId}`;
      const sent = (await (await a.fetch("1", `/local/upload?${query}`, { method: "PUT" })).json()) as Sent;
      const read = await b.fetch("1", pathOf(sent.url));
      expect(read.headers.get("content-disposition")).toBe('attachment; filename="stored.bin"');
      expect(Buffer.from(await read.bytes()).equals(Buffer.from(content))).toBe(true);
    });

    test("damage to the first segment is a 400 and not a byte of plaintext; damage further on cuts the connection", async () => {
      const content = contentOf(300_000);
      const { object_id } = await send(a, content, b.nodeId);
      const sealed = a.hub.state.files.get(object_id)?.content;
      if (!(sealed instanceof Uint8Array)) throw new Error("the stand-in does not keep the file in memory");
      const flip = (at: number) => {
        sealed[at] = (sealed[at] ?? 0) ^ 1;
      };
      const path = `/intermediate/${object_id}?remote_node_id=${a.nodeId}`;
      flip(100);
      const early = await b.fetch("1", path);
      expect([early.status, await early.json()]).toEqual([
        400,
        { detail: `Failed to decrypt file with ID ${object_id} which was encrypted by node ${a.nodeId}.` },
      ]);

      flip(100);
      flip(250_000);
      const late = await b.fetch("1", path);
      if (framing === "single") {
        expect(late.status).toBe(400);
      } else {
        expect(late.status).toBe(200);
        const reader = late.body?.getReader();
        const received: Uint8Array[] = [];
        const rest = (async () => {
          for (;;) {
            const read = await reader?.read();
            if (read === undefined || read.done) return "closed";
            received.push(read.value);
          }
        })();
        await expect(rest).rejects.toThrow();
        const prefix = Buffer.concat(received);
        expect(prefix.equals(Buffer.from(content.subarray(0, prefix.byteLength)))).toBe(true);
        expect(prefix.byteLength).toBeLessThan(250_000);
      }
      flip(250_000);
      expect((await b.fetch("1", path)).status).toBe(200);
    });

    test("a file from another node than named cannot be read, and none is sent to oneself", async () => {
      const { object_id } = await send(a, contentOf(1000), b.nodeId);
      for (const reader of [a, b]) {
        const itself = await reader.fetch("1", `/intermediate/${object_id}?remote_node_id=${reader.nodeId}`);
        expect(itself.status).toBe(400);
      }
      expect((await b.fetch("1", `/intermediate/${object_id}?remote_node_id=${a.nodeId}`)).status).toBe(200);
      const body = formOf(["remote_node_id", a.nodeId], ["file", new File(["x"], "x")]);
      expect((await a.fetch("1", "/intermediate", { method: "PUT", body })).status).toBe(400);
    });

    test("a file for another node cannot be read", async () => {
      const other = crypto.randomUUID();
      const seed = a.world.seed.nodes[1];
      if (seed === undefined) throw new Error("the seed is too small");
      a.hub.addNode({ ...seed, id: other, name: "other", clientId: crypto.randomUUID(), robotId: crypto.randomUUID() });
      a.hub.setNodeKey(other, generateKeyPair("P-384").publicKey.hex);
      const { object_id } = await send(a, contentOf(1000), other);
      expect((await b.fetch("1", `/intermediate/${object_id}?remote_node_id=${a.nodeId}`)).status).toBe(400);
    });

    test("in steady state a file costs one request to the Hub, or two where it wants the explicit link, and two to read", async () => {
      const { url } = await send(a, "warm", b.nodeId);
      await b.fetch("1", pathOf(url));
      let before = a.hub.requests.length;
      const sent = await send(a, "counted", b.nodeId);
      expect(a.hub.requests.length - before).toBe(generation === "2025" ? 2 : 1);
      before = a.hub.requests.length;
      expect(await (await b.fetch("1", pathOf(sent.url))).text()).toBe("counted");
      expect(a.hub.requests.length - before).toBe(2);
      expect(a.hub.state.brokenUploads).toBe(0);
    });
  });
});

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
    a.hub.fail({ path: /\/stream$/ }, { kind: "truncate", afterBytes: mebibyte }, 1);
    const read = await a.fetch("1", `/intermediate/${object_id}`);
    expect(read.bytes()).rejects.toThrow();
    await read.bytes().catch(() => {});
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

describe("settings of intermediates", () => {
  test("INTERMEDIATE__REQUIRE_ENCRYPTION makes the node mandatory", async () => {
    const service = await startTestService({ env: { INTERMEDIATE__REQUIRE_ENCRYPTION: "1" } });
    const body = formOf(["file", new File(["x"], "x")]);
    const response = await service.fetch("1", "/intermediate", { method: "PUT", body });
    expect(response.status).toBe(422);
    expect(await response.json()).toMatchObject({ detail: [{ type: "missing", loc: ["body", "remote_node_id"] }] });
    await send(service, "x", service.peerNodeId);
    await service.stop();
  });

  test("INTERMEDIATE__ANY_ANALYSIS lets every analysis read", async () => {
    const service = await startTestService({ env: { INTERMEDIATE__ANY_ANALYSIS: "1" } });
    const { object_id } = await send(service, "shared");
    expect(await (await service.fetch("3", `/intermediate/${object_id}`)).text()).toBe("shared");
    await service.stop();
  });

  test("INTERMEDIATE__URL_WITH_NODE_ID=0 leaves the url plain", async () => {
    const service = await startTestService({ env: { INTERMEDIATE__URL_WITH_NODE_ID: "0" } });
    const { url, object_id } = await send(service, "x", service.peerNodeId);
    expect(url).toBe(`${service.url}/intermediate/${object_id}`);
    await service.stop();
  });

  test("HUB__NODE_ID names this node without asking the Hub", async () => {
    const id = "c0000000-0000-4000-8000-000000000001";
    const service = await startTestService({ env: { HUB__NODE_ID: id } });
    const { url, object_id } = await send(service, "x", service.peerNodeId);
    expect(url).toBe(`${service.url}/intermediate/${object_id}?remote_node_id=${id}`);
    await service.stop();
  });

  test("INTERMEDIATE__DELETE_AFTER_READ removes the Hub's copy after the last byte, and only then", async () => {
    const service = await startTestService({ env: { INTERMEDIATE__DELETE_AFTER_READ: "1" } });
    const content = contentOf(20 * mebibyte);
    const { object_id } = await send(service, content, service.peerNodeId);
    const path = `/intermediate/${object_id}?remote_node_id=${service.peerNodeId}`;
    const isThere = () => service.hub.state.files.has(object_id);

    // Wrong node, broken download, and a reader that leaves at half.
    expect((await service.fetch("1", `/intermediate/${object_id}?remote_node_id=${service.nodeId}`)).status).toBe(400);
    service.hub.fail({ path: /\/stream$/ }, { kind: "truncate", afterBytes: 5 * mebibyte }, 1);
    await (await service.fetch("1", path)).bytes().catch(() => {});
    const client = await connectRaw(service.url);
    await client.send(`GET ${path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${await service.token("1")}\r\n\r\n`);
    await client.until(/\r\n\r\n/);
    client.close();
    await Bun.sleep(200);
    expect(isThere()).toBe(true);

    const read = await service.fetch("1", path);
    expect((await read.bytes()).byteLength).toBe(content.byteLength);
    await eventually(() => expect(isThere()).toBe(false));
    await service.stop();
  });

  test("a copy that the Hub will not remove is no error for the reader", async () => {
    const service = await startTestService({ env: { INTERMEDIATE__DELETE_AFTER_READ: "1" } });
    const { object_id } = await send(service, "kept", service.peerNodeId);
    const path = `/intermediate/${object_id}?remote_node_id=${service.peerNodeId}`;
    service.hub.fail({ method: "DELETE", path: /./ }, { kind: "status", status: 403 });
    expect(await (await service.fetch("1", path)).text()).toBe("kept");
    await eventually(() => expect(service.logLines.some(({ event }) => event === "intermediate.kept")).toBe(true));
    await service.stop();
  });
});
