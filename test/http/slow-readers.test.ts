import { describe, expect, test } from "bun:test";
import { createSlowReaders } from "../../src/server/slow-readers.ts";

const head = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n";
const row = (local: string, peer: string, unsent: number) =>
  `   0: ${local} ${peer} 01 ${unsent.toString(16).toUpperCase().padStart(8, "0")}:00000000 01:00000014 00000000 0 0 7\n`;

/** Looks once for each number: what the peer has not taken then, `undefined` for a connection that is gone. */
async function lookAt(peer: string, table: (unsent: number) => string, queues: readonly (number | undefined)[]) {
  let unsent: number | undefined;
  const readTables = async () => [head + (unsent === undefined ? "" : table(unsent)), ""];
  const readers = createSlowReaders({ port: () => 8080, readTables, everyMs: 3_600_000 });
  let kept = 0;
  readers.watch({ address: peer, port: 54321 }, () => {
    kept += 1;
  });
  const seen: number[] = [];
  for (const queue of queues) {
    unsent = queue;
    await readers.look();
    seen.push(kept);
  }
  return seen;
}

const v4 = (unsent: number) => row("0100007F:1F90", "0201A8C0:D431", unsent);

describe("a reader of an answer", () => {
  test.each([
    ["192.168.1.2", v4],
    ["::ffff:192.168.1.2", v4],
    [
      "::ffff:192.168.1.2",
      (unsent: number) => row("0000000000000000FFFF00000100007F:1F90", "0000000000000000FFFF00000201A8C0:D431", unsent),
    ],
    [
      "2001:db8::1",
      (unsent: number) => row("00000000000000000000000001000000:1F90", "B80D0120000000000000000001000000:D431", unsent),
    ],
  ])("at %s is kept while it takes bytes", async (peer, table) => {
    expect(await lookAt(peer, table, [9000, 8000, 7999])).toEqual([0, 1, 2]);
  });

  test("that takes nothing is not kept", async () => {
    expect(await lookAt("192.168.1.2", v4, [9000, 9000, 9500, 9500, 9400])).toEqual([0, 0, 0, 0, 1]);
  });

  test("whose connection is gone is forgotten, whoever gets its address next", async () => {
    expect(await lookAt("192.168.1.2", v4, [9000, undefined, 9000, 8000])).toEqual([0, 0, 0, 0]);
  });

  test("is not taken for one of another port, address or service", async () => {
    const others = (unsent: number) =>
      row("0100007F:1F90", "0201A8C0:D432", unsent) +
      row("0100007F:1F90", "0301A8C0:D431", unsent) +
      row("0100007F:1F91", "0201A8C0:D431", unsent);
    expect(await lookAt("192.168.1.2", (unsent) => v4(5) + others(unsent), [9000, 8000])).toEqual([0, 0]);
  });
});

test("a reader is given its limit anew once the server has begun to send", async () => {
  const readers = createSlowReaders({
    port: () => 8080,
    readTables: async () => [],
    everyMs: 3_600_000,
    armAfterMs: 0,
  });
  await new Promise<void>((resolve) => readers.watch({ address: "127.0.0.1", port: 1 }, resolve));
});

test("where the kernel has no such tables nothing happens", async () => {
  const far = 3_600_000;
  const readTables = async () => ["", ""];
  const readers = createSlowReaders({ port: () => 8080, readTables, everyMs: far, armAfterMs: far });
  readers.watch({ address: "127.0.0.1", port: 1 }, () => {
    throw new Error("nobody knows that");
  });
  await readers.look();
});
