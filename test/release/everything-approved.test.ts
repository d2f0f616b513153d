import { expect, test } from "bun:test";

/** Those of the suite whose answer does not come before the Hub is asked; see `approver.ts`. */
const titles =
  "Hub of 2026 (?:a final lands|a Hub that takes|an answer|a different)|away for a moment costs|without a result bucket";

test("finals behind a gate at which everything is approved at once are what they are without one", async () => {
  const env = { ...Bun.env, TEST_RELEASE_REVIEW: "all", TEST_BACKENDS: "embedded", TEST_IS_RUN: "1" };
  const command = [process.execPath, "test", "--timeout=60000", "./test/http/final-hub.test.ts", "-t", titles];
  const child = Bun.spawn(command, { cwd: `${import.meta.dir}/../..`, env, stdio: ["ignore", "pipe", "pipe"] });
  const [out, err, code] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
  if (code !== 0) console.error(err);
  expect(code).toBe(0);
  expect(out).toMatch(/\d+ finals were approved/);
}, 240_000);
