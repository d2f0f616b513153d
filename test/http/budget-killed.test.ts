import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { type Processes, prepareProcesses, type Running, seededRandom } from "../submissions/processes.ts";
import { eventually } from "../support/eventually.ts";
import { buildExecutable, type Executable } from "../support/executable.ts";
import { backends, type Client, formOf, isAvailable } from "../support/service.ts";

/** BUDGET_KILLS=50 is the long run. */
const kills = Number(Bun.env.BUDGET_KILLS ?? "10");
const clients = ["1", "2"] as const;

let executable: Executable;
beforeAll(async () => {
  executable = await buildExecutable();
}, 60_000);
afterAll(() => executable.remove());

interface Asked {
  readonly epsilon: string;
  readonly content: string;
  readonly fields?: readonly (readonly [string, string])[];
}

/** Asks for noise; the status, or `undefined` when no answer came. */
async function release({ world }: Processes, { url }: Running, as: Client, name: string, asked: Asked) {
  const { epsilon, content, fields = [] } = asked;
  const file = new File([content], name);
  const body = formOf(["epsilon", epsilon], ["sensitivity", "1"], ...fields, ["file", file]);
  const headers = { authorization: `Bearer ${await world.token(as)}` };
  const answer = await fetch(`${url}/final/localdp`, { method: "PUT", body, headers }).catch(() => undefined);
  await answer?.arrayBuffer().catch(() => {});
  return answer?.status;
}

async function readBudget({ world }: Processes, { url }: Running) {
  const headers = { authorization: `Bearer ${await world.token("1")}` };
  const answer = await fetch(`${url}/final/budget`, { headers });
  return (await answer.json()) as { epsilon_spent: string; releases: number };
}

describe.each(backends)("a budget whose processes are killed, %s", (backend) => {
  test.skipIf(!isAvailable(backend))(
    "covers what was drawn, and is above it by at most what was under way",
    async () => {
      const processes = await prepareProcesses(executable, backend);
      const start = () => processes.start({ DP__PROJECT_EPSILON: "1000000", SUBMISSIONS__WAIT_SECONDS: "0" });
      const random = seededRandom(20_261_129);
      let running = await start();
      let [asked, isOver] = [0, false];
      const taken: string[] = [];
      const unanswered = new Set<string>();
      const spending = Promise.all(
        [...clients, ...clients].map(async (as, place) => {
          for (let index = 0; !isOver; index++) {
            const name = `${place}-${index}.json`;
            const list = {
              content: `[${Array(1 + (index % 40))
                .fill("7")
                .join(",")}]`,
              fields: [["values", "list"]],
            } as const;
            const form = { epsilon: "1", ...(index % 2 === 0 ? { content: "7" } : list) };
            asked += 1;
            const status = await release(processes, running, as, name, form);
            if (status === 204 || status === 202) taken.push(name);
            else unanswered.add(name);
            if (status === undefined) await Bun.sleep(50);
          }
        }),
      );
      for (let kill = 0; kill < kills; kill++) {
        const before = taken.length;
        await eventually(() => expect(taken.length).toBeGreaterThan(before), 30_000);
        await Bun.sleep(random() * 120);
        await running.process.stop("SIGKILL");
        running = await start();
      }
      isOver = true;
      await spending;
      await eventually(async () => expect(await processes.pending()).toBe(0), 60_000);
      const drawn = await processes.filesAtHub();
      const { epsilon_spent: spent, releases } = await readBudget(processes, running);
      expect(spent).toBe(String(releases));
      for (const name of taken) expect(drawn.has(name)).toBe(true);
      expect(releases).toBeGreaterThanOrEqual(drawn.size);
      // Of those that were under way at a kill some had been paid for and came no further.
      expect(releases - drawn.size).toBeLessThanOrEqual([...unanswered].filter((name) => !drawn.has(name)).length);
      expect(asked).toBe(taken.length + unanswered.size);
      console.log(
        `${backend}: ${kills} kills, ${asked} asked, ${taken.length} answered, ${drawn.size} drawn, ${releases} paid`,
      );
      await running.process.stop("SIGTERM");
      await processes.stop();
    },
    90_000 + kills * 12_000,
  );
});

describe.skipIf(!isAvailable("servers"))("two processes on one budget", () => {
  test("of 64 requests for the last tenth exactly those pass whom it suffices for", async () => {
    const processes = await prepareProcesses(executable, "servers");
    const start = () => processes.start({ DP__PROJECT_EPSILON: "1" });
    const running = await Promise.all([start(), start()]);
    const [one] = running;
    const ask = (process: Running, as: Client, name: string, epsilon: string) =>
      release(processes, process, as, name, { epsilon, content: "7" });
    expect([202, 204]).toContain((await ask(one, "1", "first", "0.9")) ?? 0);
    const answers = await Promise.all(
      Array.from({ length: 64 }, (_, index) => {
        const process = running[index % 2] ?? one;
        return ask(process, clients[(index >> 1) % 2] ?? "1", `n-${index}`, "0.025");
      }),
    );
    expect(answers.filter((status) => status === 202 || status === 204)).toHaveLength(4);
    expect(answers.filter((status) => status === 403)).toHaveLength(60);
    expect(await readBudget(processes, one)).toMatchObject({ epsilon_spent: "1", releases: 5 });
    await Promise.all(running.map(({ process }) => process.stop("SIGTERM")));
    expect((await processes.filesAtHub()).size).toBe(5);
    await processes.stop();
  }, 120_000);
});
