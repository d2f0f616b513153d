import { expect, test } from "bun:test";
import { type BudgetRequest, budget } from "../../src/commands/budget.ts";
import { formOf, startTestService } from "../support/service.ts";
import { createTestIo } from "./test-io.ts";

test("budgets are listed and set beside a running service, which heeds them at once", async () => {
  const service = await startTestService({ env: { DP__PROJECT_EPSILON: "10" } });
  const [project] = service.projects;
  const command = async (request: BudgetRequest) => {
    const io = createTestIo(service.environment);
    const code = await budget(io, request);
    return { code, out: io.printed.join("\n"), err: io.errors.join("\n") };
  };
  const list = (json = false) => command({ action: "list", json });
  const set = (epsilon: string, id: string = project, reason = "agreed") =>
    command({ action: "set", project: id, epsilon, reason });
  const release = async () => {
    const file = new File(["42"], `${crypto.randomUUID()}.txt`);
    const body = formOf(["epsilon", "0.50"], ["sensitivity", "1"], ["file", file]);
    return (await service.fetch("1", "/final/localdp", { method: "PUT", body })).status;
  };

  expect((await list()).out).toBe("No project has released anything with noise, or has a budget of its own.");
  expect(await release()).toBe(204);
  expect((await list()).out).toContain(`${project}  10 (node's)  0.5    9.5   1`);
  expect(await set("0.75", project.toUpperCase())).toMatchObject({
    code: 0,
    out: `${project}: 0.5 of 0.75 spent, 0.25 left`,
  });
  expect(await release()).toBe(403);
  expect(JSON.parse((await list(true)).out)).toMatchObject([
    { project_id: project, epsilon_budget: "0.75", epsilon_left: "0.25", is_own: true, changed_by: "command line" },
  ]);
  expect(await set("node")).toMatchObject({ code: 0, out: `${project}: 0.5 of 10 spent, 9.5 left` });
  expect(await release()).toBe(204);

  for (const wrong of ["-1", "x", ""]) expect((await set(wrong)).code).toBe(2);
  expect([(await set("1", "42")).code, (await set("1", project, " ")).code]).toEqual([2, 2]);
  await service.stop();
}, 60_000);
