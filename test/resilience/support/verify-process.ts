import { eventually } from "../../support/eventually.ts";
import { type ProcessFacts, readProcessFacts } from "./process-facts.ts";
import type { Task } from "./verify-task.ts";
import type { ResilienceWorld } from "./world.ts";

const mebibyte = 2 ** 20;
/** What a runtime that has worked may keep over what it had at its start; what one request may cost is far more. */
const keptBytes = 128 * mebibyte;
/** A database and its journal, a clock, a source of randomness. */
const keptDescriptors = 6;
/** Connections that may be kept for later, by what they lead to; the database's pool is filled at the start. */
const keptConnections = { hubLine: 32, keysLine: 4, storeLine: 32, databaseLine: 20 } as const;

/** The process has let go of everything: clients' connections, nameless files, memory, and what else it took. */
export async function verifyProcess({ world, settleMs }: Task): Promise<string[]> {
  let found: string[] = [];
  await eventually(() => {
    found = look(world);
    if (found.length > 0) throw new Error("not yet");
  }, settleMs).catch(() => {});
  return found;
}

function look(world: ResilienceWorld): string[] {
  if (!world.service.isRunning()) return ["the service has ended"];
  const facts = readProcessFacts(world.service.pid);
  const kept = (bytes: number) => `${Math.round(bytes / mebibyte)} MiB`;
  const { floor } = world;
  const problems = facts.deletedFiles.map((path) => `a nameless file is open: ${path}`);
  const halfClosed = facts.sockets.filter(({ state }) => state === "CLOSE_WAIT").length;
  const others = facts.descriptors - facts.sockets.length - (floor.descriptors - floor.sockets.length);
  if (halfClosed > 0) problems.push(`${halfClosed} connections wait to be closed by the service`);
  if (others > keptDescriptors) problems.push(`${others} descriptors more than at the start`);
  if (facts.rssBytes > floor.rssBytes + keptBytes * Math.max(1, facts.children.length))
    problems.push(`${kept(facts.rssBytes)} of memory instead of ${kept(floor.rssBytes)} at the start`);
  return [...problems, ...lookAtConnections(world, facts)];
}

function lookAtConnections(world: ResilienceWorld, { sockets, children }: ProcessFacts): string[] {
  const port = Number(new URL(world.url).port);
  const ofClients = sockets.filter(({ localPort }) => localPort === port).length;
  const problems = ofClients === 0 ? [] : [`${ofClients} connections of clients are still open`];
  for (const [name, limit] of Object.entries(keptConnections)) {
    const line = world[name as keyof typeof keptConnections];
    const count = sockets.filter(({ remotePort }) => remotePort === line.port).length;
    if (count > limit * Math.max(1, children.length)) problems.push(`${count} connections to the ${name} are open`);
  }
  return problems;
}
