import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import {
  type Processes,
  prepareProcesses,
  type Running,
  seededRandom,
  sendFinal,
  sha256,
} from "../submissions/processes.ts";
import { eventually } from "../support/eventually.ts";
import { buildExecutable, type Executable } from "../support/executable.ts";
import { backends, isAvailable } from "../support/service.ts";
import { gateEnv } from "./gate.ts";

const clients = ["1", "2", "3"] as const;

for (const backend of backends) {
  describe.skipIf(!isAvailable(backend))(`the gate's processes killed on ${backend} storage`, () => {
    let executable: Executable;
    let processes: Processes;
    beforeAll(async () => {
      executable = await buildExecutable();
      processes = await prepareProcesses(executable, backend);
    }, 60_000);
    afterAll(async () => {
      await processes.stop();
      await executable.remove();
    });

    const start = () => processes.start(gateEnv);
    const aboutFiles = () => processes.world.hub.requests.filter(({ path }) => /file|upload/i.test(path));

    async function ask(running: Running, path: string, json?: unknown): Promise<Response | undefined> {
      const claims = { preferred_username: "ada", realm_access: { roles: ["reviewer"] } };
      const authorization = `Bearer ${await processes.world.identity.token("console", { claims })}`;
      const headers = { authorization, "content-type": "application/json" };
      const init = json === undefined ? { headers } : { method: "POST", headers, body: JSON.stringify(json) };
      return fetch(`${running.url}/operator/releases${path}`, init).catch(() => undefined);
    }

    async function listHeld(running: Running) {
      const answer = await ask(running, "?status=held&order=oldest&limit=200");
      if (answer === undefined) throw new Error("no answer");
      return ((await answer.json()) as { items: { submission_id: string; name: string; sha256: string }[] }).items;
    }

    test("twenty times while a Hub comes and goes: nothing leaves, and what is approved then is delivered once", async () => {
      const random = seededRandom(20_261_128);
      let running = await start();
      const sent = new Map<string, string>();
      const acknowledged: string[] = [];
      let isOver = false;
      const submitting = Promise.all(
        clients.map(async (as) => {
          for (let index = 0; !isOver; index++) {
            const name = `${as}-${index}.txt`;
            const content = `${name} ${"x".repeat(Math.floor(random() * 50_000))}`;
            sent.set(name, sha256(content));
            const response = await sendFinal(processes, running, as, name, content);
            await response?.arrayBuffer().catch(() => {});
            if (response?.status === 202) acknowledged.push(name);
            await Bun.sleep(100 + random() * 200);
          }
        }),
      );
      for (let kills = 0; kills < 20; kills++) {
        await Bun.sleep(random() * 300);
        if (kills % 3 === 0) await processes.hubLine.refuse();
        await running.process.stop("SIGKILL");
        running = await start();
        await processes.hubLine.resume();
      }
      isOver = true;
      await submitting;
      expect(aboutFiles()).toEqual([]);
      expect(acknowledged.length).toBeGreaterThan(10);
      const held = await listHeld(running);
      const names = held.map(({ name }) => name);
      for (const name of acknowledged) expect(names).toContain(name);

      const decisions = held.map(({ submission_id, sha256 }) => ({ submission_id, decision: "approve", sha256 }));
      const decided = ask(running, "/decisions", { decisions });
      await Bun.sleep(random() * 100);
      await running.process.stop("SIGKILL");
      await decided;
      running = await start();
      // Either all were approved by then, or none.
      const left = await listHeld(running);
      expect([0, held.length]).toContain(left.length);
      if (left.length > 0) expect((await ask(running, "/decisions", { decisions }))?.status).toBe(200);
      await eventually(async () => expect(await processes.pending()).toBe(0), 60_000);
      const arrived = await processes.filesAtHub();
      expect([...arrived.keys()].sort()).toEqual([...names].sort());
      for (const [name, hash] of arrived) expect([name, hash]).toEqual([name, sent.get(name) ?? ""]);
      await running.process.stop("SIGTERM");
      expect(await processes.leftovers()).toEqual({ objects: 0, pending: 0, spooled: 0 });
    }, 180_000);
  });
}

describe.skipIf(!isAvailable("servers"))("two processes at one gate", () => {
  test("decide once, and deliver once", async () => {
    const executable = await buildExecutable();
    const processes = await prepareProcesses(executable, "servers");
    const running = [await processes.start(gateEnv), await processes.start(gateEnv)] as const;
    const [one, two] = running;
    const claims = (name: string) => ({ preferred_username: name, sub: name, realm_access: { roles: ["reviewer"] } });
    const sent = new Map<string, string>();
    for (let index = 0; index < 6; index++) {
      const [name, content] = [`gate-${index}.txt`, `content ${index}`];
      sent.set(name, sha256(content));
      const response = await sendFinal(processes, index % 2 ? one : two, "1", name, content);
      if (response?.status !== 202) throw new Error(`it is answered ${response?.status}`);
      const { submission_id: id } = (await response.json()) as { submission_id: string };
      const answers = await Promise.all(
        running.map(async ({ url }, place) => {
          const authorization = `Bearer ${await processes.world.identity.token("console", { claims: claims(`r${place}`) })}`;
          const headers = { authorization, "content-type": "application/json" };
          const body = JSON.stringify({ sha256: sha256(content) });
          return (await fetch(`${url}/operator/releases/${id}/approve`, { method: "POST", headers, body })).status;
        }),
      );
      expect(answers.sort()).toEqual([200, 409]);
    }
    await eventually(async () => expect(await processes.pending()).toBe(0), 40_000);
    expect(await processes.filesAtHub()).toEqual(sent);
    await Promise.all(running.map(({ process }) => process.stop("SIGTERM")));
    await processes.stop();
    await executable.remove();
  }, 120_000);
});
