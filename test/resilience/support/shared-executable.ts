import { join } from "node:path";
import { createServerDir } from "../../support/daemon.ts";

const holder: typeof globalThis & { flameResultExecutable?: Promise<string> } = globalThis;

/** The service compiled as it is shipped, once for all suites of a run. */
export function sharedExecutable(): Promise<string> {
  holder.flameResultExecutable ??= build();
  return holder.flameResultExecutable;
}

async function build(): Promise<string> {
  const path = join(createServerDir("executable"), "flame-result");
  const child = Bun.spawn([process.execPath, "run", "build", "--outfile", path], {
    cwd: join(import.meta.dir, "../../.."),
    stdio: ["ignore", "pipe", "pipe"],
  });
  const [out, err, code] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
  if (code !== 0) throw new Error(`the build failed:\n${err}${out}`);
  return path;
}
