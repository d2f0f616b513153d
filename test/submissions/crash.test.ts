import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { eventually } from "../support/eventually.ts";
import { buildExecutable, type Executable } from "../support/executable.ts";
import { backends, isAvailable } from "../support/service.ts";
import { type Processes, prepareProcesses, type Running, seededRandom, sendFinal, sha256 } from "./processes.ts";

const clients = ["1", "2", "3"] as const;

for (const backend of backends) {
  describe.skipIf(!isAvailable(backend))(`killed processes on ${backend} storage`, () => {
    let executable: Executable;
    let processes: Processes;
    beforeAll(async () => {
      executable = await buildExecutable();
    }, 60_000);
    beforeEach(async () => {
      processes = await prepareProcesses(executable, backend);
    });
    afterEach(() => processes.stop());
    afterAll(() => executable.remove());

    test("a final submitted while the Hub is away survives a kill, and is delivered once when the Hub returns", async () => {
      let running = await processes.start();
      await processes.hubLine.refuse();
      processes.hubLine.cut();
      const content = "the result of many days".repeat(50_000);
      const response = await sendFinal(processes, running, "1", "days.csv", content);
      if (response?.status !== 202) throw new Error(`it is answered ${response?.status}`);
      const { submission_id } = (await response.json()) as { submission_id: string };
      await running.process.stop("SIGKILL");
      running = await processes.start();
      const status = async () => {
        const headers = { authorization: `Bearer ${await processes.world.token("1")}` };
        const answer = await fetch(`${running.url}/final/submissions/${submission_id}`, { headers });
        return ((await answer.json()) as { status: string }).status;
      };
      expect(await status()).toBe("queued");
      await processes.hubLine.resume();
      await eventually(async () => expect(await status()).toBe("delivered"), 25_000);
      expect(await processes.filesAtHub()).toEqual(new Map([["days.csv", sha256(content)]]));
      expect(await running.process.stop("SIGTERM")).toBe(0);
      expect(await processes.leftovers()).toEqual({ objects: 0, pending: 0, spooled: 0 });
    }, 60_000);

    test("killed at twenty random moments while the Hub comes and goes, nothing acknowledged is lost or doubled", async () => {
      const random = seededRandom(20_260_131);
      let running: Running = await processes.start();
      // So that many a kill comes in the middle of a delivery.
      processes.world.hub.delayMs = 40;
      let isOver = false;
      const sent = new Map<string, string>();
      const acknowledged: string[] = [];

      const submit = async (as: (typeof clients)[number], index: number) => {
        for (let attempt = 0; ; attempt++) {
          const name = `final-${index}-${attempt}.txt`;
          const content = `${name} ${"x".repeat(Math.floor(random() * 200_000))}`;
          sent.set(name, sha256(content));
          const response = await sendFinal(processes, running, as, name, content);
          await response?.arrayBuffer().catch(() => {});
          if (response?.status === 202 || response?.status === 204) {
            acknowledged.push(name);
            return;
          }
          expect([undefined, 502, 503, 504]).toContain(response?.status);
          await Bun.sleep(30);
        }
      };
      const indexes = Array.from({ length: 50 }, (_, index) => index).values();
      const submitting = Promise.all(
        [...clients, ...clients].map(async (as) => {
          for (const index of indexes) {
            await submit(as, index);
            await Bun.sleep(300 + random() * 1_500);
          }
        }),
      );
      const flapping = (async () => {
        while (!isOver) {
          await Bun.sleep(150 + random() * 400);
          await processes.hubLine.refuse();
          processes.hubLine.cut();
          await Bun.sleep(random() * 400);
          await processes.hubLine.resume();
        }
      })();
      for (let kills = 0; kills < 20; kills++) {
        await Bun.sleep(50 + random() * 500);
        await running.process.stop("SIGKILL");
        running = await processes.start();
      }
      await submitting;
      isOver = true;
      await flapping;
      await eventually(async () => expect(await processes.pending()).toBe(0), 40_000);
      await running.process.stop("SIGTERM");

      expect(acknowledged).toHaveLength(50);
      const arrived = await processes.filesAtHub();
      for (const name of acknowledged) expect([name, arrived.get(name)]).toEqual([name, sent.get(name)]);
      // What was not acknowledged may have arrived as well, but only whole, and under its own name.
      for (const [name, hash] of arrived) expect([name, hash]).toEqual([name, sent.get(name) ?? ""]);
      expect(await processes.leftovers()).toEqual({ objects: 0, pending: 0, spooled: 0 });
    }, 120_000);

    test("SIGTERM in the middle of a delivery gives it to the next process at once", async () => {
      const first = await processes.start();
      const lift = processes.world.hub.fail({ path: /\/upload$/ }, { kind: "delay", ms: 60_000 });
      const response = await sendFinal(processes, first, "1", "handed-on.txt", "handed on");
      expect(response?.status).toBe(202);
      lift();
      expect(await first.process.stop("SIGTERM")).toBe(0);
      const second = await processes.start();
      await eventually(async () => expect(await processes.pending()).toBe(0), 5_000);
      expect(await processes.filesAtHub()).toEqual(new Map([["handed-on.txt", sha256("handed on")]]));
      await second.process.stop("SIGTERM");
    }, 60_000);
  });
}

describe.skipIf(!isAvailable("servers"))("two replicas on one database and bucket", () => {
  test("deliver each submission once, also when one of them is killed", async () => {
    const executable = await buildExecutable();
    const processes = await prepareProcesses(executable, "servers");
    const [one, two] = [await processes.start(), await processes.start()];
    await processes.hubLine.refuse();
    processes.hubLine.cut();
    const sent = new Map<string, string>();
    await Promise.all(
      Array.from({ length: 24 }, async (_, index) => {
        const [name, content] = [`replica-${index}.txt`, `content ${index}`];
        sent.set(name, sha256(content));
        const response = await sendFinal(processes, index % 2 ? one : two, clients[index % 3] ?? "1", name, content);
        expect(response?.status).toBe(202);
      }),
    );
    await processes.hubLine.resume();
    await Bun.sleep(1_000);
    await two.process.stop("SIGKILL");
    await eventually(async () => expect(await processes.pending()).toBe(0), 40_000);
    expect(await processes.filesAtHub()).toEqual(sent);
    await eventually(async () => expect(await processes.leftovers()).toEqual({ objects: 0, pending: 0, spooled: 0 }));
    await one.process.stop("SIGTERM");
    await processes.stop();
    await executable.remove();
  }, 90_000);
});
