import type { Socket } from "node:net";
import { createExchangeReader, type S3Exchange } from "./s3-exchange.ts";
import type { S3Fault } from "./s3-faults.ts";

/** A client's connection, and the one to the store that belongs to it. */
export interface S3Line {
  readonly client: Socket;
  readonly store: Socket;
  readonly chooseFault: (exchange: S3Exchange) => S3Fault | undefined;
  /** Called when a fault has come about. */
  readonly count: () => void;
}

/** What is going on on a line. */
interface State {
  fault: S3Fault | undefined;
  /** Of the body of the request, or of its answer, passed on so far. */
  passed: number;
  /** While the head of the answer has to be told from its body. */
  answerHead: Buffer | undefined;
  isOver: boolean;
}

const garbage = "<html><body>It works!</body></html>";
const garbageResponse = `HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: ${garbage.length}\r\n\r\n${garbage}`;

/** Relays one request after the other, and breaks those that are to be broken. */
export function relayS3(line: S3Line): void {
  const { client, store } = line;
  const state: State = { fault: undefined, passed: 0, answerHead: undefined, isOver: false };
  const requests = readRequests(line, state);
  client.on("data", (bytes: Buffer) => {
    if (!state.isOver) requests.push(bytes);
  });
  store.on("data", (bytes: Buffer) => {
    if (!state.isOver) passResponse(line, state, bytes);
  });
  for (const [from, to] of [
    [client, store],
    [store, client],
  ] as const) {
    to.on("drain", () => from.resume());
    from.on("end", () => to.end());
    from.on("error", () => to.resetAndDestroy());
    from.on("close", () => {
      if (state.isOver) return;
      if (from.readableEnded) to.destroySoon();
      else to.resetAndDestroy();
    });
  }
}

function readRequests(line: S3Line, state: State) {
  const { client, store, chooseFault } = line;
  return createExchangeReader({
    onHead(exchange, head) {
      const fault = chooseFault(exchange);
      const mustFindHead = fault?.kind === "cut-download" || fault?.kind === "wrong-etag";
      Object.assign(state, { fault, passed: 0, answerHead: mustFindHead ? Buffer.alloc(0) : undefined });
      if (fault?.kind !== "status") write(client, store, head);
    },
    onBody(bytes) {
      const { fault, passed } = state;
      if (fault?.kind === "status") return;
      if (fault?.kind !== "cut-upload" || passed + bytes.length < fault.afterBytes) {
        state.passed += bytes.length;
        return write(client, store, bytes);
      }
      state.isOver = true;
      store.write(bytes.subarray(0, fault.afterBytes - passed), () => breakOff(line, state));
    },
    onEnd() {
      if (state.fault?.kind === "status") answer(line, state, errorResponse(state.fault));
    },
  });
}

function passResponse(line: S3Line, state: State, bytes: Buffer): void {
  const { fault } = state;
  if (fault?.kind === "lost-answer") breakOff(line, state);
  else if (fault?.kind === "garbage") answer(line, state, garbageResponse);
  else if (state.answerHead === undefined) passDown(line, state, bytes);
  else passHead(line, state, Buffer.concat([state.answerHead, bytes]));
}

/** With what there is of the body behind it, once the head is whole. */
function passHead(line: S3Line, state: State, begun: Buffer): void {
  const { client, store, count } = line;
  state.answerHead = begun;
  const end = begun.indexOf("\r\n\r\n");
  if (end === -1) return;
  const [head, rest] = [begun.subarray(0, end + 4), begun.subarray(end + 4)];
  Object.assign(state, { answerHead: undefined, passed: 0 });
  write(store, client, state.fault?.kind === "wrong-etag" ? withOtherTag(head, count) : head);
  passDown(line, state, rest);
}

function passDown(line: S3Line, state: State, bytes: Buffer): void {
  const { client, store } = line;
  const { fault, passed } = state;
  if (fault?.kind !== "cut-download" || passed + bytes.length <= fault.afterBytes) {
    state.passed += bytes.length;
    write(store, client, bytes);
    return;
  }
  state.isOver = true;
  const last = bytes.subarray(0, fault.afterBytes - passed);
  if (last.length === 0) breakOff(line, state, fault.by);
  else client.write(last, () => breakOff(line, state, fault.by));
}

function write(from: Socket, to: Socket, bytes: Buffer): void {
  if (bytes.length > 0 && !to.write(bytes)) from.pause();
}

function breakOff({ client, store, count }: S3Line, state: State, by: "reset" | "end" = "reset"): void {
  state.isOver = true;
  count();
  store.resetAndDestroy();
  if (by === "reset") client.resetAndDestroy();
  else client.end();
}

function answer({ client, store, count }: S3Line, state: State, text: string): void {
  state.isOver = true;
  count();
  store.resetAndDestroy();
  client.end(text);
}

function errorResponse({ status, code, retryAfterSeconds }: S3Fault & { kind: "status" }): string {
  const xml = `<?xml version="1.0" encoding="UTF-8"?><Error><Code>${code}</Code><Message>Please try again</Message></Error>`;
  const retryAfter = retryAfterSeconds === undefined ? "" : `Retry-After: ${retryAfterSeconds}\r\n`;
  const headers = `Content-Type: application/xml\r\nConnection: close\r\n${retryAfter}Content-Length: ${xml.length}`;
  return `HTTP/1.1 ${status} ${code}\r\n${headers}\r\n\r\n${xml}`;
}

function withOtherTag(head: Buffer, count: () => void): Buffer {
  const text = head.toString("latin1");
  const changed = text.replace(/^(etag: "?)[0-9a-f]{8}/im, "$1deadbeef");
  if (changed !== text) count();
  return Buffer.from(changed, "latin1");
}
