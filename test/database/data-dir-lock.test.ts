import { afterAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { acquireDataDirLock } from "../../src/database/data-dir-lock.ts";

const root = mkdtempSync(join(tmpdir(), "flame-lock-"));
afterAll(() => rmSync(root, { recursive: true }));

const module = new URL("../../src/database/data-dir-lock.ts", import.meta.url).pathname;

/** Another process that holds the lock until it is killed. */
async function spawnHolder(dir: string) {
  const script = `
    import { acquireDataDirLock } from ${JSON.stringify(module)};
    globalThis.lock = acquireDataDirLock(${JSON.stringify(dir)});
    console.log("held");
    setInterval(() => {}, 1000);`;
  const holder = Bun.spawn([process.execPath, "-e", script], { stdout: "pipe", stderr: "inherit" });
  const { value } = await holder.stdout.getReader().read();
  expect(new TextDecoder().decode(value)).toContain("held");
  return holder;
}

test("a data folder has one owner at a time, also within one process", () => {
  const dir = join(root, "made", "by", "the", "lock");
  const lock = acquireDataDirLock(dir);
  expect(() => acquireDataDirLock(dir)).toThrow(/in use by another process.*DATA_DIR/);
  lock.release();
  lock.release();
  acquireDataDirLock(dir).release();
});

test("the lock of a process that is killed is free again", async () => {
  const dir = join(root, "killed");
  const holder = await spawnHolder(dir);
  try {
    expect(() => acquireDataDirLock(dir)).toThrow(`The data folder ${dir} is in use by another process.`);
  } finally {
    holder.kill("SIGKILL");
    await holder.exited;
  }
  acquireDataDirLock(dir).release();
});

test("a folder that cannot be used is named, with what to do", async () => {
  const file = join(root, "a-file");
  await Bun.write(file, "");
  expect(() => acquireDataDirLock(file)).toThrow(/The data folder .*a-file cannot be used .*DATA_DIR/);
});
