import { reasonOf } from "../errors.ts";
import { loadSetting } from "../settings/load.ts";
import type { ProcessIo } from "./process-io.ts";

const limitMs = 5_000;

/** Asks the service on this machine whether it is alive, for container health checks. Needs only its host and port. */
export async function healthcheck(io: ProcessIo): Promise<number> {
  try {
    const host = loadSetting("SERVER__HOST", io.env, io.readTextFile);
    const port = loadSetting("SERVER__PORT", io.env, io.readTextFile);
    const url = `http://${addressOf(host)}:${port}/healthz`;
    const response = await fetch(url, { signal: AbortSignal.timeout(limitMs), proxy: false });
    await response.body?.cancel();
    if (response.status === 200) return 0;
    io.printError(`${url} answers ${response.status}`);
  } catch (error) {
    io.printError(`The service does not answer: ${reasonOf(error)}`);
  }
  return 1;
}

/** The host under which a client reaches a service that listens on this address. */
function addressOf(host: string): string {
  if (host === "0.0.0.0") return "127.0.0.1";
  if (host === "::" || host === "[::]") return "[::1]";
  return host.includes(":") && !host.startsWith("[") ? `[${host}]` : host;
}
