import { join } from "node:path";
import { type RunningProcess, startProcess } from "./process.ts";

/** A server that says hello, at once or to those with a token, compiled the way the service is. */
export async function buildHello(folder: string, name: "hello" | "checked-hello" = "hello"): Promise<string> {
  const target = join(folder, name);
  const root = join(import.meta.dir, "..", "..");
  const { scripts } = (await Bun.file(join(root, "package.json")).json()) as { scripts: { build: string } };
  // The same flags, whatever they are.
  const command = scripts.build.replace(/src\/main\.ts .*/, `bench/bare/${name}.ts --outfile ${target}`).split(" ");
  const child = Bun.spawn([process.execPath, ...command.slice(1)], { cwd: root, stdout: "ignore", stderr: "pipe" });
  const [errors, code] = await Promise.all([child.stderr.text(), child.exited]);
  if (code !== 0) throw new Error(`the bare server cannot be built:\n${errors}`);
  return target;
}

export async function startHello(
  executable: string,
  env: Record<string, string> = {},
): Promise<RunningProcess & { readonly url: string }> {
  const running = await startProcess([executable], /listening on (\S+)/, env);
  return { ...running, url: running.match[1] ?? "" };
}
