import { startLoad } from "../../test/resilience/support/load.ts";
import type { ServiceProcess } from "../../test/resilience/support/service-process.ts";
import { findProblems } from "../../test/resilience/support/verify.ts";
import { startResilienceWorld } from "../../test/resilience/support/world.ts";
import { findFreePort } from "../../test/support/daemon.ts";
import { eventually } from "../../test/support/eventually.ts";
import { type Exchange, startHaproxy } from "./haproxy.ts";

export interface Endured {
  readonly requests: number;
  readonly acknowledged: number;
  readonly kills: number;
  readonly restarts: number;
  /** 5xx and broken answers that clients saw while replicas were killed. */
  readonly broken: number;
  /** What is not as it must be. */
  readonly problems: readonly string[];
}

const clients = 8;
/** So long after a kill may requests still come to an end that were on their way to the process. */
const crossingMs = 1_000;
/** A process that is back before the proxy has missed it would be sent requests while it starts. */
const noticedMs = 1_000;

/**
 * Clients on all routes, while replicas are killed one after another and then restarted one after another. While none is killed,
 * every request has to succeed. A killed one may take down what it was just doing, and nothing else.
 */
export async function endure(replicas: number, kills: number, rounds: number): Promise<Endured> {
  const world = await startResilienceWorld({
    storage: "servers",
    ownServers: true,
    name: "replicas behind HAProxy",
    env: { RECORD__ENABLED: "1" },
  });
  await using stack = new AsyncDisposableStack();
  stack.defer(world.stop);
  // Its port is the proxy's from now on.
  await world.service.stop("SIGTERM");
  const ports = await Promise.all(Array.from({ length: replicas }, findFreePort));
  const running: ServiceProcess[] = [];
  const start = async (index: number) => {
    await world.startService({ SERVER__PORT: String(ports[index]) });
    running[index] = world.service;
    await eventually(async () => {
      const { status } = await fetch(`${world.service.url}/readyz`, { keepalive: false });
      if (status !== 200) throw new Error(`replica ${index + 1} is not ready`);
    }, 30_000);
  };
  for (let index = 0; index < replicas; index += 1) await start(index);
  const proxy = await startHaproxy(Number(new URL(world.url).port), ports, true);
  stack.defer(proxy.stop);

  const load = startLoad(world, { seed: 21, clients, maxBytes: 4 * 2 ** 20 });
  const killed: { readonly replica: string; readonly at: number }[] = [];
  const settled = load.disturb({ unanswered: true, statuses: [502] });
  for (let kill = 0; kill < kills; kill += 1) {
    const index = kill % replicas;
    await load.progress(40);
    killed.push({ replica: `r${index + 1}`, at: Date.now() });
    await running[index]?.stop("SIGKILL");
    await load.progress(20);
    await Bun.sleep(noticedMs);
    await start(index);
    await Bun.sleep(noticedMs);
  }
  settled();
  const broken = proxy.exchanges().filter(isBroken);
  await load.progress(50);
  for (let round = 0; round < rounds * replicas; round += 1) {
    const index = round % replicas;
    await running[index]?.stop("SIGTERM");
    await Bun.sleep(noticedMs);
    await start(index);
    await Bun.sleep(noticedMs);
    await load.progress(20);
  }
  const after = proxy.exchanges().filter(isBroken).slice(broken.length);
  await load.stop();
  for (const attempt of load.ledger.attempts.values()) {
    // The proxy's word for a replica that was killed with the request: nobody knows how far it came.
    if (attempt.verdict === "refused" && attempt.status === 502) attempt.verdict = "unknown";
  }
  const problems = await findProblems(world, load, { isKilled: true });
  return {
    requests: world.figures.requests,
    acknowledged: world.figures.acknowledged,
    kills,
    restarts: rounds * replicas,
    broken: broken.length,
    problems: [
      ...problems,
      ...broken
        .filter((one) => !killed.some((kill) => isCausedBy(kill, one)))
        .map((one) => `unexplained: ${tell(one)}`),
      ...after.map((one) => `in a rolling restart: ${tell(one)}`),
    ],
  };
}

const isBroken = ({ status }: Exchange): boolean => status >= 500 || status === -1;
const isCausedBy = ({ replica, at }: { readonly replica: string; readonly at: number }, exchange: Exchange) =>
  exchange.replica === replica && exchange.acceptedAt < at + crossingMs;
const tell = ({ status, replica, request }: Exchange) => `${request}: ${status} by ${replica}`;
