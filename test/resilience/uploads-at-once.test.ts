import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { join } from "node:path";
import { backends } from "../support/service.ts";
import { canLimitMemory, type LimitedExecutable, limitMemory } from "./support/memory-limit.ts";
import { type ServiceProcess, startServiceProcess } from "./support/service-process.ts";
import { canStartWorld, type ResilienceWorld, startResilienceWorld } from "./support/world.ts";
import type { CrowdOutcome, CrowdPlan } from "./wire/upload-crowd.ts";

const mebibyte = 1024 * 1024;
const memoryBytes = 512 * mebibyte;
const fileBytes = 12 * mebibyte;
const stalled = 100;
const ordinary = 200;

/** Asks for /healthz until it is stopped; resolves then with the times that the answers took, in ms, in order of length. */
function probeHealth(url: string) {
  const script = join(import.meta.dir, "wire/health-probe.ts");
  const child = Bun.spawn([process.execPath, script, url], { stdout: "pipe", stderr: "inherit" });
  const text = new Response(child.stdout).text();
  return {
    async stop(): Promise<readonly number[]> {
      child.kill("SIGKILL");
      const lines = (await text).split("\n").filter((line) => line !== "");
      return lines.map(Number).sort((a, b) => a - b);
    },
  };
}

/** Plays the plan in a process of its own, which gets what the service leaves of the processor: clients have their own. */
async function playCrowd(plan: CrowdPlan): Promise<CrowdOutcome> {
  const script = join(import.meta.dir, "wire/upload-crowd.ts");
  const child = Bun.spawn(["nice", "-n", "19", process.execPath, script], {
    stdin: "pipe",
    stdout: "pipe",
    stderr: "inherit",
  });
  try {
    child.stdin.write(`${JSON.stringify(plan)}\n`);
    child.stdin.flush();
    const decoder = new TextDecoder();
    let text = "";
    for await (const chunk of child.stdout) {
      text += decoder.decode(chunk, { stream: true });
      if (text.endsWith("\n")) break;
    }
    return JSON.parse(text) as CrowdOutcome;
  } finally {
    child.kill("SIGKILL");
  }
}

describe.each([...backends])("100 stalled and 200 ordinary uploads at once in 512 MiB, on %s storage", (storage) => {
  describe.skipIf(!canLimitMemory() || !canStartWorld({ storage }))("", () => {
    let world: ResilienceWorld;
    let limited: LimitedExecutable;
    let service: ServiceProcess;

    beforeAll(async () => {
      world = await startResilienceWorld({ storage, name: `uploads at once, ${storage}` });
      limited = await limitMemory(memoryBytes);
      await world.service.stop("SIGTERM");
      service = await startServiceProcess(limited.path, world.env);
    }, 120_000);
    afterAll(async () => {
      await service?.stop("SIGKILL");
      await world?.stop();
      limited?.remove();
    });

    test("nobody dies, everybody is served, and the service answers throughout", async () => {
      const [one, two, three] = await Promise.all((["1", "2", "3"] as const).map((as) => world.token(as)));
      const paths = ["/local", "/local", "/local", "/local", "/final", "/intermediate"];
      const probe = probeHealth(world.url);
      const { statuses } = await playCrowd({
        url: world.url,
        fileBytes,
        stalled: Array.from({ length: stalled }, () => ({ token: one ?? "", path: "/local", sentBytes: 2 * mebibyte })),
        ordinary: Array.from({ length: ordinary }, (_, index) => ({
          token: (index % 2 === 0 ? two : three) ?? "",
          path: paths[index % paths.length] ?? "",
        })),
      });
      const healthMs = await probe.stop();
      const part = (share: number) => healthMs[Math.floor(healthMs.length * share)]?.toFixed(1);
      console.log(
        `/healthz: ${healthMs.length} times, median ${part(0.5)}, p95 ${part(0.95)}, longest ${healthMs.at(-1)?.toFixed(1)} ms`,
      );
      expect(service.isRunning()).toBe(true);
      expect(healthMs.length).toBeGreaterThan(1);
      expect(statuses.filter((status) => ![200, 202, 204].includes(status))).toEqual([]);
    }, 300_000);
  });
});
