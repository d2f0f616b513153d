import { loadSetting } from "../settings/load.ts";
import type { Edge } from "./host.ts";

const limitMs = 5_000;

/** Asks the service on this machine whether it is alive; for container health checks without a shell. Needs no settings. */
export async function healthcheck(edge: Edge): Promise<number> {
  try {
    const host = loadSetting("SERVER__HOST", edge.env, edge.readTextFile);
    const port = loadSetting("SERVER__PORT", edge.env, edge.readTextFile);
    const url = `http://${addressOf(host)}:${port}/healthz`;
    const response = await fetch(url, { signal: AbortSignal.timeout(limitMs), proxy: false });
    await response.body?.cancel();
    if (response.status === 200) return 0;
    edge.complain(`${url} answers ${response.status}`);
  } catch (error) {
    edge.complain(`The service does not answer: ${error instanceof Error ? error.message : String(error)}`);
  }
  return 1;
}

/** Where to reach a service that listens on this address. */
function addressOf(host: string): string {
  if (host === "0.0.0.0") return "127.0.0.1";
  if (host === "::" || host === "[::]") return "[::1]";
  return host.includes(":") && !host.startsWith("[") ? `[${host}]` : host;
}
