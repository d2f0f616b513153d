import { expect, test } from "bun:test";
import { sandbox } from "../../src/commands/sandbox.ts";
import { createTestIo } from "./test-io.ts";

test("a sandbox whose last ports do not exist says by which option it takes others", async () => {
  const io = createTestIo({});
  expect(await sandbox(io, { port: 65_534 })).toBe(1);
  expect(io.errors.join()).toMatch(/^The sandbox cannot start: .*65536\. It takes four ports .* by --port$/);
});
