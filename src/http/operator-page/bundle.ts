const folder = `${import.meta.dir}/../../console`;

/**
 * Bundles the operators' page. Bun runs this function as a macro: at build time for the executable, or, when the
 * service runs from source, at the first request for the page. A macro cannot call the bundler that runs it, so `bun
 * build` is a process of its own.
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
