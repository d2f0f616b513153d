const folder = `${import.meta.dir}/../../console`;

/**
 * Bundles the operators' page. It is called as a macro, which is run where the code is read: when the executable is built, or,
 * from source, when the page is first asked for. The bundler cannot call itself, so it runs as a process of its own.
 */
export function bundlePage(): { readonly script: string; readonly style: string } {
  return { script: bundle("main.tsx"), style: bundle("style/page.css") };
}

function bundle(name: string): string {
  const [bun = "bun"] = Bun.argv;
  const command = [bun, "build", `${folder}/${name}`, "--target=browser", "--production", "--minify"];
  const { exitCode, stdout, stderr } = Bun.spawnSync(command, { stdout: "pipe", stderr: "pipe" });
  if (exitCode !== 0) throw new Error(`the operators' page cannot be bundled:\n${stderr}`);
  return stdout.toString();
}
