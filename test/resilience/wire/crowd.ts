import { connectRaw, type RawConnection } from "../../support/raw-http.ts";
import type { ResilienceWorld } from "../support/world.ts";
import { headOf } from "./requests.ts";

/** Clients that hold connections and do nothing with them. */
export interface Crowd {
  /** Connections the service has not closed yet. */
  open(): number;
  leave(): void;
}

const atOnce = 100;

/** Opens connections; `greet` is what each of them sends at first, and is answered if it is a request. */
export async function gatherCrowd(world: ResilienceWorld, count: number, greet = ""): Promise<Crowd> {
  const members: RawConnection[] = [];
  while (members.length < count) {
    const joining = Math.min(atOnce, count - members.length);
    const joined = await Promise.all(Array.from({ length: joining }, () => connectRaw(world.url)));
    if (greet !== "") await Promise.all(joined.map((member) => member.send(greet)));
    if (greet.endsWith("\r\n\r\n")) await Promise.all(joined.map((member) => member.until(/\}$/)));
    members.push(...joined);
  }
  world.figures.faults += count;
  return {
    open: () => members.filter(({ socket }) => !socket.closed && !socket.readableEnded && !socket.destroyed).length,
    leave() {
      for (const member of members) member.close();
    },
  };
}

/** Lets each of them send one more byte of a header that never ends, every so often. */
export async function dripHeaders(world: ResilienceWorld, count: number, everyMs: number) {
  const head = headOf("GET /healthz").slice(0, -2);
  const members = await Promise.all(Array.from({ length: count }, () => connectRaw(world.url)));
  await Promise.all(members.map((member) => member.send(`${head}X-Drip: `)));
  const timer = setInterval(() => {
    for (const { socket } of members) if (!socket.destroyed) socket.write("a");
  }, everyMs);
  world.figures.faults += count;
  return {
    answered: () => members.filter((member) => member.received() !== "").length,
    stop() {
      clearInterval(timer);
      for (const member of members) member.close();
    },
  };
}

/** How long a request takes that any client might make: milliseconds, the median of many. */
export async function medianLatency(world: ResilienceWorld, requests = 100): Promise<number> {
  const token = await world.token("1");
  const times: number[] = [];
  for (let turn = 0; turn < requests; turn += 1) {
    const start = performance.now();
    const response = await fetch(`${world.url}/local/tags`, { headers: { authorization: `Bearer ${token}` } });
    await response.arrayBuffer();
    if (response.status !== 200) throw new Error(`a normal request was answered ${response.status}`);
    times.push(performance.now() - start);
  }
  world.figures.requests += requests;
  return times.sort((a, b) => a - b)[Math.floor(requests / 2)] ?? Number.NaN;
}
