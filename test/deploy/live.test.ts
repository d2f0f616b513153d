import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { join } from "node:path";
import type { HubGeneration } from "../../src/sandbox/hub/hub.ts";
import { startTestService, type TestService } from "../support/service.ts";

const root = join(import.meta.dir, "../..");
const generations: HubGeneration[] = ["2025", "2026-snake", "2026"];

describe.each(generations)("TEST__LIVE=1, with a stand-in of generation %s for the live Hub", (generation) => {
  let around: TestService;
  beforeAll(async () => {
    around = await startTestService({ generation });
  });
  afterAll(() => around.stop());

  test("runs the live tests by both ways of signing in, and no others", async () => {
    const { HUB__AUTH__FLOW, HUB__AUTH__ID, HUB__AUTH__SECRET } = around.environment;
    const child = Bun.spawn([process.execPath, join(root, "test/run.ts")], {
      cwd: root,
      env: {
        PATH: process.env.PATH,
        TEST__LIVE: "1",
        TEST_REQUIRE_ALL: "1",
        TEST__ANALYSIS_ID: around.analyses[0],
        TEST__REMOTE_NODE_ID: around.world.seed.nodes[1]?.id,
        HUB__AUTH__FLOW,
        HUB__AUTH__ID,
        HUB__AUTH__SECRET,
        HUB__AUTH__USERNAME: around.world.seed.user.username,
        HUB__AUTH__PASSWORD: around.world.seed.user.password,
        HUB__CORE_BASE_URL: `${around.hubUrl}/core`,
        HUB__STORAGE_BASE_URL: `${around.hubUrl}/storage`,
        HUB__AUTH_BASE_URL: `${around.hubUrl}/auth`,
      },
      stdin: "ignore",
      stdout: "pipe",
      stderr: "pipe",
    });
    const [out, err] = await Promise.all([child.stdout.text(), child.stderr.text()]);
    expect(await child.exited, `${err}${out}`).toBe(0);
    expect(out).toEndWith("\n11 passed, 0 failed, 0 skipped\n");
    expect(around.hub.state.files.size).toBe(0);
  }, 60_000);
});
