import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { backends, type Client, formOf, isAvailable, startTestService, type TestService } from "../support/service.ts";

const number = (content: string) => ["file", new File([content], `${crypto.randomUUID()}.txt`)] as const;
const operatorEnv = { OPERATOR__CLIENT_IDS: "console" };

/** Of operators. */
interface Answer {
  readonly total: number;
  readonly items: readonly { readonly project_id: string }[];
  readonly by_day: readonly { readonly releases: number }[];
}

function callsOf(service: TestService) {
  return {
    async release(epsilon: string, as: Client = "1", content = "42") {
      const body = formOf(["epsilon", epsilon], ["sensitivity", "1"], number(content));
      const response = await service.fetch(as, "/final/localdp", { method: "PUT", body });
      const text = await response.text();
      return [response.status, text === "" ? "" : JSON.parse(text).detail];
    },
    async budget(as: Client = "1") {
      const response = await service.fetch(as, "/final/budget");
      return [response.status, await response.json()];
    },
    async operate(path: string, json?: unknown) {
      const headers = {
        authorization: `Bearer ${await service.identity.token("console")}`,
        "content-type": "application/json",
      };
      const init = json === undefined ? { headers } : { headers, method: "PUT", body: JSON.stringify(json) };
      const response = await fetch(`${service.url}/operator/budgets${path}`, init);
      return [response.status, await response.json()] as [number, Answer];
    },
    released: () => service.logLines.filter(({ event }) => event === "dp.released").length,
  };
}

const usedUp = (project: string, asked: string, left: string, budget: string) =>
  `The privacy budget of project ${project} is used up: epsilon ${asked} was asked for, ${left} of ${budget} are left.`;

describe.each(backends)("with a budget, %s", (backend) => {
  describe.skipIf(!isAvailable(backend))("", () => {
    let service: TestService;
    let calls: ReturnType<typeof callsOf>;
    beforeAll(async () => {
      service = await startTestService({
        backend,
        env: { ...operatorEnv, DP__PROJECT_EPSILON: "1.0", DP__MAX_EPSILON: "0.60" },
      });
      calls = callsOf(service);
    }, 60_000);
    afterAll(() => service.stop(), 60_000);

    test("ten tenths are released, by all analyses of the project together, and an eleventh is not", async () => {
      const [project] = service.projects;
      for (let times = 0; times < 10; times += 1) {
        expect(await calls.release("0.1", times % 2 === 0 ? "1" : "2")).toEqual([204, ""]);
      }
      expect(await calls.release("1e-320")).toEqual([403, usedUp(project, "1e-320", "0", "1")]);
      expect(await calls.budget("2")).toEqual([
        200,
        { project_id: project, epsilon_budget: "1", epsilon_spent: "1", releases: 10 },
      ]);
      expect(calls.released()).toBe(10);
    }, 60_000);

    test("what is refused for another reason costs nothing, and what is too much at once names the most", async () => {
      const before = await calls.budget("3");
      expect(before).toEqual([
        200,
        { project_id: service.projects[1], epsilon_budget: "1", epsilon_spent: "0", releases: 0 },
      ]);
      expect(await calls.release("0.6000000000000000001", "3")).toEqual([
        400,
        "epsilon must be at most 0.6 on this node.",
      ]);
      expect(await calls.release("0.5", "3", "no number")).toEqual([
        400,
        "Uploaded file must contain a single numerical value.",
      ]);
      for (const text of ["nan", "0", "-1", "1e400", "4e-324"]) expect((await calls.release(text, "3"))[0]).toBe(400);
      for (const text of ["x", "0x1", ""]) expect((await calls.release(text, "3"))[0]).toBe(422);
      expect(await calls.budget("3")).toEqual(before);
    }, 60_000);

    test("the exact decimal of the form's text is what counts", async () => {
      for (const epsilon of ["1e-320", "0.1000000000000000055511151231257827", " +1_0e-2 "]) {
        expect(await calls.release(epsilon, "3")).toEqual([204, ""]);
      }
      const spent = `0.2000000000000000055511151231257827${"0".repeat(320 - 35)}1`;
      expect(await calls.budget("3")).toMatchObject([200, { epsilon_spent: spent, releases: 3 }]);
      const left = "0.7999999999999999944488848768742172".padEnd(322, "9");
      expect((await calls.release("0.6", "3"))[0]).toBe(204);
      expect((await calls.release("0.6", "3"))[1]).toStartWith(
        `The privacy budget of project ${service.projects[1]} is used up: epsilon 0.6 was asked for, 0.199999999999999994448884876874217`,
      );
      expect(left).toHaveLength(322);
    }, 60_000);

    test("operators see budgets, change them with a reason, and take a change back", async () => {
      const [project] = service.projects;
      const [status, list] = await calls.operate("");
      expect([status, list.total]).toEqual([200, 2]);
      expect(list.items.map(({ project_id }) => project_id).sort()).toEqual([...service.projects].sort());
      const reason = "agreed with the data protection officer";
      expect(await calls.operate(`/${project}`, { epsilon: "1.50", reason })).toMatchObject([
        200,
        { epsilon_budget: "1.5", epsilon_spent: "1", epsilon_left: "0.5", is_own: true, changed_by: "console", reason },
      ]);
      expect(await calls.release("0.5")).toEqual([204, ""]);
      expect(await calls.operate(`/${project}`, { epsilon: 0.5, reason })).toMatchObject([200, { epsilon_left: "0" }]);
      expect(await calls.release("0.1")).toEqual([403, usedUp(project, "0.1", "0", "0.5")]);
      expect(await calls.operate(`/${project}`, { epsilon: null, reason })).toMatchObject([200, { is_own: false }]);
      expect(await calls.release("0.1")).toEqual([403, usedUp(project, "0.1", "0", "1")]);
      const [, detail] = await calls.operate(`/${project}`);
      expect(detail.by_day).toHaveLength(30);
      expect(detail.by_day.reduce((sum, day) => sum + day.releases, 0)).toBe(11);
      for (const wrong of [
        { epsilon: "-1", reason },
        { epsilon: "x", reason },
        { epsilon: "1", reason: " " },
        { epsilon: "1" },
        {},
      ]) {
        expect((await calls.operate(`/${project}`, wrong))[0]).toBe(422);
      }
    }, 60_000);

    test("what was released, changed and refused is on record, and counted", async () => {
      const headers = { authorization: `Bearer ${await service.identity.token("console")}` };
      const rows = async (event: string) => {
        const answer = await fetch(`${service.url}/operator/record?event=${event}&limit=200`, { headers });
        const { items } = (await answer.json()) as {
          items: { actor: string; project_id: string; analysis_id: string }[];
        };
        return items;
      };
      const released = await rows("dp.released");
      expect(released).toHaveLength(15);
      expect(released.every((row) => row.actor === row.analysis_id && row.project_id !== null)).toBe(true);
      expect((await rows("budget.changed")).map(({ actor, project_id }) => [actor, project_id])).toEqual(
        Array.from({ length: 3 }, () => ["console", service.projects[0]]),
      );
      const told = service.logLines.filter(({ event }) => event === "budget.changed");
      expect(told.map(({ fields }) => fields.user)).toEqual(["console", "console", "console"]);
      const metrics = await (await fetch(`${service.url}/metrics`)).text();
      expect(metrics).toMatch(/^flame_result_dp_budget_refusals_total 4$/m);
      expect(Number(/^flame_result_dp_epsilon_spent_total (.+)$/m.exec(metrics)?.[1])).toBeCloseTo(2.3, 9);
    }, 60_000);

    test("a project that is removed has spent what it has spent", async () => {
      const [project] = service.projects;
      await service.hub.removeProject(project);
      const path = `/local?project_id=${project}`;
      expect((await service.fetch("adapter", path, { method: "DELETE" })).status).toBe(200);
      expect(await calls.operate(`/${project}`)).toMatchObject([200, { epsilon_spent: "1.5", releases: 11 }]);
    }, 60_000);
  });
});

describe("64 parallel requests for the last tenth", () => {
  test.each(backends.filter(isAvailable))(
    "pass as far as it suffices, %s",
    async (backend) => {
      const service = await startTestService({ backend, env: { DP__PROJECT_EPSILON: "1", FINAL__QUEUE: "0" } });
      const calls = callsOf(service);
      expect((await calls.release("0.9"))[0]).toBe(204);
      const answers = await Promise.all(
        Array.from({ length: 64 }, (_, index) => calls.release("0.025", index % 2 === 0 ? "1" : "2")),
      );
      expect(answers.filter(([status]) => status === 204)).toHaveLength(4);
      expect(answers.filter(([status]) => status === 403)).toHaveLength(60);
      expect(await calls.budget()).toMatchObject([200, { epsilon_spent: "1", releases: 5 }]);
      await service.stop();
    },
    60_000,
  );
});

describe("without a setting", () => {
  test("what is spent is counted, and refused where an operator has given the project a budget", async () => {
    const service = await startTestService({ env: operatorEnv });
    const { release, budget, operate } = callsOf(service);
    const [project, other] = service.projects;
    expect(await release("1e5")).toEqual([204, ""]);
    expect(await budget()).toEqual([
      200,
      { project_id: project, epsilon_budget: null, epsilon_spent: "100000", releases: 1 },
    ]);
    await operate(`/${project}`, { epsilon: "100001", reason: "a limit" });
    expect(await release("2")).toEqual([403, usedUp(project, "2", "1", "100001")]);
    expect(await release("1e300", "3")).toEqual([204, ""]);
    expect((await budget("3"))[1]).toMatchObject({ project_id: other, epsilon_budget: null });
    expect(await budget("nobody")).toMatchObject([404, { detail: expect.stringContaining("not found") }]);
    await service.stop();
  }, 60_000);

  test("a Hub that is away keeps no release from being taken, which its project pays for later", async () => {
    const service = await startTestService({ env: { HUB__CACHE_SECONDS: "0", SUBMISSIONS__WAIT_SECONDS: "0" } });
    const { release, budget } = callsOf(service);
    const lift = service.hub.fail({ path: /./ }, { kind: "status", status: 503 });
    expect((await release("0.5"))[0]).toBe(202);
    lift();
    expect(await budget()).toMatchObject([200, { epsilon_spent: "0.5", releases: 1 }]);
    await service.stop();
  }, 60_000);

  test("where the node has a budget, nothing is released that no project can pay for", async () => {
    const env = { HUB__CACHE_SECONDS: "0", DP__PROJECT_EPSILON: "1" };
    const service = await startTestService({ env });
    const { release, budget, released } = callsOf(service);
    const lift = service.hub.fail({ path: /./ }, { kind: "status", status: 503 });
    expect((await release("0.5"))[0]).toBe(502);
    lift();
    expect([released(), await budget()]).toMatchObject([0, [200, { epsilon_spent: "0", releases: 0 }]]);
    await service.stop();
  }, 60_000);
});

test("with DP__REQUIRED a final without noise is refused before its file is read", async () => {
  const service = await startTestService({ env: { DP__REQUIRED: "1" } });
  const body = formOf(["file", new File(["x".repeat(1_000_000)], "x.txt")]);
  const refused = await service.fetch("1", "/final", { method: "PUT", body });
  expect([refused.status, await refused.json()]).toEqual([
    403,
    { detail: "This node releases final results with differential privacy only." },
  ]);
  expect(await callsOf(service).release("1")).toEqual([204, ""]);
  await service.stop();
}, 60_000);

test("with RELEASE__REVIEW=unless-dp what a budget has paid for goes by itself, and nothing else does", async () => {
  const service = await startTestService({ env: { ...operatorEnv, RELEASE__REVIEW: "unless-dp" } });
  const { release, operate } = callsOf(service);
  expect((await release("1"))[0]).toBe(202);
  await operate(`/${service.projects[1]}`, { epsilon: "1", reason: "agreed" });
  expect((await release("1", "3"))[0]).toBe(204);
  expect((await release("1", "3"))[0]).toBe(403);
  await service.stop();
}, 60_000);
