import { expect } from "bun:test";
import { eventually } from "../../support/eventually.ts";
import { connectRaw } from "../../support/raw-http.ts";
import { createLedger } from "./ledger.ts";
import { createProbes } from "./probes.ts";
import { createUnderLoad } from "./under-load.ts";
import { canStartWorld, startResilienceWorld } from "./world.ts";

const failed = "502 Unexpected error from object store";
const operations = ["put untagged", "put tagged", "put final", "get", "delete"] as const;
const mebibyte = 2 ** 20;
const limitMs = 20_000;
/** The limit for a transfer on which no byte moves, on a busy machine. */
const silentLimitMs = 75_000;

/** A store that falls silent under load, in a world of its own. Takes more than a minute, most of which is waiting. */
export async function sufferSilence(): Promise<void> {
  const storage = "servers";
  const ownServers = !canStartWorld({ storage });
  const world = await startResilienceWorld({ storage, ownServers, name: "the object store is silent" });
  try {
    const ledger = createLedger();
    const probes = await createProbes(world, ledger);
    const underLoad = createUnderLoad(world, { seed: 40_000, ledger, maxBytes: mebibyte });
    await underLoad({ statuses: [502], unanswered: true }, async () => {
      const { path } = await probes.storeLarge();
      const reader = await connectRaw(world.url);
      const token = await world.token("1");
      await reader.send(`GET ${path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${token}\r\n\r\n`);
      await reader.until(/\r\n\r\n/);
      reader.socket.pause();
      const upload = probes.ask("put large", silentLimitMs);
      await eventually(() => expect(world.storeLine.bytes.up).toBeGreaterThan(5 * mebibyte), 20_000);
      world.storeLine.pause();
      reader.socket.resume();
      const startedMs = performance.now();
      const answers = Promise.all([upload, ...operations.map((one) => probes.ask(one, silentLimitMs))]);
      await eventually(async () => expect(await probes.readiness()).toBe("object_store"), 20_000);
      expect(await probes.health()).toBe("200");
      expect(await probes.ask("list tags", limitMs)).toBe("200");
      expect(await probes.ask("put intermediate", limitMs)).toBe("200");
      expect(await answers).toEqual([failed, ...operations.map(() => failed)]);
      expect(performance.now() - startedMs).toBeGreaterThan(50_000);
      const received = await reader.until(/\r\n0\r\n\r\n$/);
      expect(received).not.toMatch(/\r\n0\r\n\r\n$/);
      await world.storeLine.resume();
    });
  } finally {
    await world.stop();
  }
}
