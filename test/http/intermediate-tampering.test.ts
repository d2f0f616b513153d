import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import type { Tampering } from "../../src/sandbox/hub/tampering.ts";
import { contentOf, pathOf, type Sent, send } from "../support/intermediates.ts";
import { startTestService, type TestService } from "../support/service.ts";

/** Of both framings' pieces more than two, and the same length for all, so that the record gives nothing away. */
const bytes = 2_500_000;
const segments = { headBytes: 0, pieceBytes: 1_048_576 };
const chunks = { headBytes: 64, pieceBytes: 16_400 };
const later = { headBytes: 64 + 200 * 16_400, pieceBytes: 16_400 };

describe.each(["2025", "2026-snake", "2026"] as const)(
  "a Hub of %s that tampers with files on their way",
  (generation) => {
    let a: TestService;
    let b: TestService;
    let lift = () => {};
    beforeAll(async () => {
      a = await startTestService({ generation, env: { CRYPTO__FRAMING: "bound" } });
      b = await startTestService({ besides: a, env: { CRYPTO__FRAMING: "bound" } });
    });
    beforeEach(() => lift());
    afterAll(async () => {
      await b.stop();
      await a.stop();
    });

    /** What node B reads of a file while the Hub tampers, with the link as it was given or without its seal. */
    async function readTampered(sent: Sent, tampering: Tampering, withSeal = true) {
      lift();
      lift = a.hub.fail({ method: "GET", path: /\/stream$/ }, tampering);
      const path = pathOf(sent.url);
      return b.fetch("1", withSeal ? path : path.replace(/&seal=\w+/, ""));
    }

    async function expectRefusal(sent: Sent, tampering: Tampering, withSeal = true) {
      const response = await readTampered(sent, tampering, withSeal);
      const detail = `Failed to decrypt file with ID ${sent.object_id} which was encrypted by node ${a.nodeId}.`;
      expect([tampering.kind, response.status, await response.json()]).toEqual([tampering.kind, 400, { detail }]);
    }

    test("is caught by the bound framing, whatever it tries", async () => {
      await send(a, contentOf(bytes), b.nodeId);
      const sent = await send(a, contentOf(bytes), b.nodeId);
      await send(b, contentOf(bytes), a.nodeId);
      await expectRefusal(sent, { kind: "reorder", pieces: chunks });
      await expectRefusal(sent, { kind: "substitute" });
      await expectRefusal(sent, { kind: "reflect" });
      await expectRefusal(sent, { kind: "reflect" }, false);
      lift();
      expect((await b.fetch("1", pathOf(sent.url))).status).toBe(200);
    });

    test("far behind the beginning breaks the connection behind what came right", async () => {
      const content = contentOf(4_500_000);
      const sent = await send(a, content, b.nodeId);
      for (const [kind, pieces, right] of [
        ["duplicate", chunks, 1],
        ["reorder", later, 200],
      ] as const) {
        const response = await readTampered(sent, { kind, pieces });
        expect(response.status).toBe(200);
        const received: Uint8Array[] = [];
        const reading = (async () => {
          for await (const chunk of response.body ?? []) received.push(chunk);
        })();
        await expect(reading).rejects.toThrow();
        const prefix = Buffer.concat(received);
        expect(prefix.length).toBeLessThanOrEqual(right * 16_384);
        expect(prefix.equals(content.subarray(0, prefix.length))).toBe(true);
      }
    });

    test("is not caught by segments, nor by a link without a seal when it offers another file of the same sender", async () => {
      const content = contentOf(bytes);
      const older = await startTestService({ besides: a });
      const segmented = await send(older, content, a.nodeId);
      lift = a.hub.fail({ method: "GET", path: /\/stream$/ }, { kind: "duplicate", pieces: segments });
      const bound = await send(a, content, b.nodeId);
      const newest = contentOf(bytes);
      await send(a, newest, b.nodeId);
      const read = await older.fetch("1", `/intermediate/${segmented.object_id}?remote_node_id=${a.nodeId}`);
      const plain = 1_048_576 - 28;
      const cheated = Buffer.concat([
        content.subarray(0, plain),
        content.subarray(0, plain),
        content.subarray(2 * plain),
      ]);
      expect(cheated.equals(await read.bytes())).toBe(true);
      const swapped = await readTampered(bound, { kind: "substitute" }, false);
      expect(Buffer.from(newest).equals(await swapped.bytes())).toBe(true);
      await older.stop();
    });
  },
);
