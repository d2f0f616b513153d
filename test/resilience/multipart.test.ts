import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { eventually } from "../support/eventually.ts";
import { connectRaw } from "../support/raw-http.ts";
import { backends, formOf, isAvailable } from "../support/service.ts";
import { countObjects } from "../support/storage-check.ts";
import { type Bomb, bombs, chunked, requestHead } from "./attack/bombs.ts";
import { memoryOf, startTarget, type Target } from "./attack/target.ts";

const atOnce = 20;
/** MiB over what the process takes when it is warm: each of the twenty may hold a form's megabyte, and be sent 128. */
const ceiling = 256;
const paths = ["/local", "/intermediate", "/final", "/final/localdp"];

for (const backend of backends) {
  describe.skipIf(!isAvailable(backend))(`hostile forms on ${backend} storage`, () => {
    let target: Target;
    let floor: number;
    let highest = 0;
    beforeAll(async () => {
      target = await startTarget({ backend });
      const file = new File(["x".repeat(100_000)], "warm.txt");
      await Promise.all(
        Array.from({ length: 4 * atOnce }, () =>
          target.fetch("1", "/local", { method: "PUT", body: formOf(["file", file]) }),
        ),
      );
      floor = memoryOf(target.pid).rss;
    }, 60_000);
    afterAll(async () => {
      console.log(`hostile forms, ${backend}: ${Math.round(floor)} MiB when warm, at most ${Math.round(highest)} MiB`);
      await target?.stop();
    }, 30_000);

    /** Sends it until it is answered, or is whole; gives the status, and how many bytes were sent. */
    async function send(path: string, bomb: Bomb): Promise<{ status: number; body: string; sent: number }> {
      const { head = "", flood, tail = "" } = bomb;
      const connection = await connectRaw(target.url);
      const isAnswered = () => connection.socket.destroyed || connection.received() !== "";
      let sent = 0;
      await connection.send(requestHead(path, await target.world.token("1"), bomb));
      await connection.send(chunked(head));
      if (flood !== undefined) {
        const piece = chunked(flood.chunk);
        while (sent < flood.bytes && !isAnswered()) {
          await Promise.race([connection.send(piece), connection.until(/./)]);
          sent += piece.byteLength;
        }
      }
      if (!isAnswered()) await connection.send(Buffer.concat([chunked(tail), Buffer.from("0\r\n\r\n")]));
      const text = await connection.until(/\r\n\r\n(?:\{.*\}|$)/s);
      connection.close();
      return {
        status: Number(/^HTTP\/1\.1 (\d{3})/.exec(text)?.[1] ?? 0),
        body: text.split("\r\n\r\n")[1] ?? "",
        sent,
      };
    }

    test.each(Object.entries(bombs))(
      "%s: refused clearly, twenty at once, in flat memory",
      async (_, bomb) => {
        const before = await countObjects(target.world);
        writeFileSync(`/proc/${target.pid}/clear_refs`, "5");
        const answers = await Promise.all(
          Array.from({ length: atOnce }, (_, index) => send(paths[index % paths.length] ?? "", bomb)),
        );
        for (const { status, body } of answers) {
          // A form after all, and finals of one name.
          if (bomb.status.includes(200) && [202, 204, 409].includes(status)) continue;
          expect([status, bomb.status.includes(status)]).toEqual([status, true]);
          expect(body).toMatch(status === 200 ? /"object_id"/ : /^\{"detail":/);
        }
        highest = Math.max(highest, memoryOf(target.pid).peak);
        expect(memoryOf(target.pid).peak - floor).toBeLessThan(ceiling);
        expect((await target.fetch("1", "/local/tags")).status).toBe(200);
        if (bomb.status.includes(200)) return;
        await eventually(async () => expect(await countObjects(target.world)).toBe(before), 10_000);
        if (target.world.dataDir !== undefined) expect(readdirSync(join(target.world.dataDir, "spool"))).toEqual([]);
      },
      60_000,
    );

    test("after all of them the memory is given back, and nothing has failed", async () => {
      await eventually(() => expect(memoryOf(target.pid).rss - floor).toBeLessThan(ceiling), 20_000);
      expect(target.logLines().filter(({ status, level }) => Number(status) >= 500 || level === "error")).toEqual([]);
    }, 30_000);
  });
}
