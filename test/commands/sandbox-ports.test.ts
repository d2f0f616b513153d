import { expect, test } from "bun:test";
import { sandbox } from "../../src/commands/sandbox.ts";
import { createTestIo } from "./test-io.ts";

test.each([65_533, 65_535])(
  "a sandbox whose last port would not exist, as at %d, says which ones it takes",
  async (port) => {
    const io = createTestIo({});
    expect(await sandbox(io, { port })).toBe(1);
    expect(io.errors).toEqual([
      "The sandbox cannot start: it takes four ports in a row, so --port may be 65532 at most",
    ]);
  },
);
