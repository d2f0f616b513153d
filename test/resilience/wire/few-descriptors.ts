import { chmodSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createServerDir } from "../../support/daemon.ts";
import { type ServiceProcess, startServiceProcess } from "../support/service-process.ts";
import { sharedExecutable } from "../support/shared-executable.ts";

/** Starts the service where it may open but so many files at first; the system would allow it more. */
export async function startWithFewDescriptors(env: Record<string, string>, count: number): Promise<ServiceProcess> {
  const script = join(createServerDir("few-descriptors"), "flame-result");
  writeFileSync(script, `#!/bin/sh\nulimit -S -n ${count}\nexec ${await sharedExecutable()} "$@"\n`);
  chmodSync(script, 0o755);
  return startServiceProcess(script, env);
}
