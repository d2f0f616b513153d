import { describe, expect, test } from "bun:test";
import { parsePrivateKey } from "../../src/crypto/keys.ts";
import { openStream } from "../../src/crypto/open.ts";
import { agreeOnKeys } from "../../src/crypto/shared-keys.ts";
import { memorySpool } from "../crypto/memory-spool.ts";
import { collect, streamOf } from "../streams/byte-streams.ts";
import { eventually } from "../support/eventually.ts";
import { contentOf, send } from "../support/intermediates.ts";
import { connectRaw } from "../support/raw-http.ts";
import { formOf, startTestService } from "../support/service.ts";

const mebibyte = 1024 * 1024;

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
    const lift = service.hub.fail({ path: /\/stream$/ }, { kind: "truncate", afterBytes: 5 * mebibyte });
    await (await service.fetch("1", path)).bytes().catch(() => {});
    lift();
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

  test.each([
    ["raw", "hkdf"],
    ["hkdf", "raw"],
  ] as const)("with CRYPTO__KEY_DERIVATION=%s it is sent so that a reader of %s alone cannot", async (way, other) => {
    const service = await startTestService({ env: { CRYPTO__KEY_DERIVATION: way } });
    const { object_id } = await send(service, "for one node alone", service.peerNodeId);
    const sealed = await service.hub.readFile(object_id);
    const peer = parsePrivateKey(service.world.privateKeys[1]);
    const keys = agreeOnKeys(peer, parsePrivateKey(service.world.privateKeys[0]).publicKey.pem);
    const openWith = async (key: Uint8Array) => {
      const options = { keys: [key], chunkBytes: mebibyte, sealedBytes: sealed.length, spool: memorySpool().spool };
      return new TextDecoder().decode(await collect(await openStream(streamOf(sealed), options)));
    };
    expect(await openWith(keys[way])).toBe("for one node alone");
    await expect(openWith(keys[other])).rejects.toThrow();
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
