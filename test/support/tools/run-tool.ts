/** Runs a command to its end; throws with what it wrote to its errors. */
export async function runTool(
  command: string[],
  options: { cwd?: string; env?: Record<string, string | undefined> } = {},
) {
  const child = Bun.spawn(command, { ...options, stdout: "pipe", stderr: "pipe" });
  const [code, output, errors] = await Promise.all([
    child.exited,
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
  ]);
  if (code !== 0) throw new Error(`${command.join(" ")} ended with ${code}: ${errors}${output.slice(-3000)}`);
  return output;
}
