import { connectRaw } from "../../support/raw-http.ts";
import { readProcessFacts } from "../support/process-facts.ts";
import type { ResilienceWorld } from "../support/world.ts";
import { type Answer, parseResponses } from "./answers.ts";
import { bearer, formOf, formType, headOf } from "./requests.ts";
import { openSlowSocket } from "./slow-socket.ts";

const kibibyte = 1024;
export const portOf = (url: string) => Number(new URL(url).port);

export interface Ended {
  readonly answer: Answer | undefined;
  readonly seconds: number;
}

const secondsSince = (start: number) => (performance.now() - start) / 1000;

/** Sends a file at 1 KiB/s; resolves with the answer. */
export async function uploadSlowly(
  world: ResilienceWorld,
  path: string,
  content: Uint8Array,
  fields: Readonly<Record<string, string>> = {},
): Promise<Ended> {
  const start = performance.now();
  const form = formOf(Buffer.from(content).toString("latin1"), fields);
  const client = await connectRaw(world.url);
  const headers = { Authorization: await bearer(world), "Content-Type": formType, "Content-Length": form.length };
  await client.send(headOf(`PUT ${path}`, headers));
  world.figures.requests += 1;
  for (let at = 0; at < form.length && client.received() === ""; at += kibibyte) {
    await client.send(Buffer.from(form.slice(at, at + kibibyte), "latin1"));
    await Bun.sleep(Math.max(0, start + at + kibibyte - performance.now()));
  }
  const [answer] = parseResponses(await client.until(/\}$/), ["PUT"], true);
  client.close();
  return { answer, seconds: secondsSince(start) };
}

/** Sends half of a file and then nothing more; resolves when the answer is there. */
export async function uploadHalf(world: ResilienceWorld, path: string, url = world.url): Promise<Ended> {
  const form = formOf("half of it, and no more");
  const client = await connectRaw(url);
  const headers = { Authorization: await bearer(world), "Content-Type": formType, "Content-Length": form.length };
  await client.send(headOf(`PUT ${path}`, headers) + form.slice(0, -30));
  world.figures.requests += 1;
  world.figures.faults += 1;
  const start = performance.now();
  const [answer] = parseResponses(await client.until(/\}$/), ["PUT"], true);
  client.close();
  return { answer, seconds: secondsSince(start) };
}

/** Reads an answer at 1 KiB/s for the given time, and the rest of it at once. */
export async function downloadSlowly(world: ResilienceWorld, path: string, slowSeconds: number): Promise<Ended> {
  const socket = openSlowSocket(portOf(world.url));
  socket.send(headOf(`GET ${path}`, { Authorization: await bearer(world) }));
  world.figures.requests += 1;
  const start = performance.now();
  const pieces: Uint8Array[] = [];
  let slowBytes = 0;
  let piece = socket.take(kibibyte);
  while (piece !== undefined && secondsSince(start) < slowSeconds) {
    pieces.push(piece);
    slowBytes += piece.length;
    await Bun.sleep(Math.max(20, start + slowBytes - performance.now()));
    piece = socket.take(kibibyte);
  }
  const seconds = secondsSince(start);
  socket.drain();
  const isWhole = () =>
    Buffer.from(pieces.at(-1) ?? "")
      .toString("latin1")
      .endsWith("0\r\n\r\n");
  const giveUp = performance.now() + 60_000;
  while (piece !== undefined && performance.now() < giveUp) {
    pieces.push(piece);
    if (isWhole()) break;
    if (piece.length === 0) await Bun.sleep(10);
    piece = socket.take(256 * kibibyte);
  }
  socket.close();
  const [answer] = parseResponses(Buffer.concat(pieces).toString("latin1"), ["GET"], false);
  return { answer, seconds };
}

/** Reads some of an answer and then nothing more; resolves with the seconds until the service has given it up. */
export async function holdDownload(world: ResilienceWorld, path: string): Promise<number> {
  const socket = openSlowSocket(portOf(world.url), 64 * kibibyte);
  socket.send(headOf(`GET ${path}`, { Authorization: await bearer(world) }));
  world.figures.requests += 1;
  world.figures.faults += 1;
  let bytes = 0;
  while (bytes < 1024 * kibibyte) {
    const piece = socket.take(64 * kibibyte);
    if (piece === undefined) throw new Error("the download has ended before it was held");
    bytes += piece.length;
    if (piece.length === 0) await Bun.sleep(5);
  }
  const start = performance.now();
  while (peerPorts(world).has(socket.port)) await Bun.sleep(500);
  socket.close();
  return secondsSince(start);
}

/** The other ends of the connections that the service has open. */
export function peerPorts(world: ResilienceWorld): Set<number> {
  const own = portOf(world.url);
  const { sockets } = readProcessFacts(world.service.pid);
  return new Set(sockets.filter(({ localPort }) => localPort === own).map(({ remotePort }) => remotePort));
}
