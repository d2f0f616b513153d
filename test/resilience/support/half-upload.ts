import { connectRaw } from "../../support/raw-http.ts";
import { createAnswerReader } from "./answer-reader.ts";
import { formRequest } from "./form.ts";
import type { ResilienceWorld } from "./world.ts";

/** An upload that waits in the middle of its file: to be finished, closed or killed. */
export interface HalfUpload {
  /** Sends the rest. */
  finish(): Promise<void>;
  /** The whole answer; undefined when the connection ends without one. */
  answer(): Promise<{ readonly status: number | undefined; readonly id: string | undefined } | undefined>;
  close(): void;
}

const restBytes = 2 ** 20;

/** Begins an upload as the first analysis and leaves it after so many bytes of the file. */
export async function beginUpload(world: ResilienceWorld, path: string, bytes: number): Promise<HalfUpload> {
  const { headers, body = [] } = formRequest(path, [["file", new Uint8Array(bytes + restBytes), "half.bin"]]);
  const { promise, resolve } = Promise.withResolvers<Awaited<ReturnType<HalfUpload["answer"]>>>();
  const reader = createAnswerReader(false);
  const connection = await connectRaw(world.url);
  connection.socket.on("data", (chunk: Buffer) => {
    if (!reader.take(chunk)) return;
    const text = new TextDecoder().decode(reader.bytes());
    resolve({ status: reader.status, id: /"object_id":"([^"]+)"/.exec(text)?.[1] });
  });
  connection.socket.on("close", () => resolve(undefined));
  const length = body.reduce((sum, piece) => sum + piece.byteLength, 0);
  const lines = Object.entries({ ...headers, Authorization: `Bearer ${await world.token("1")}` });
  const head = lines.map(([name, value]) => `${name}: ${value}\r\n`).join("");
  await connection.send(`PUT ${path} HTTP/1.1\r\nHost: x\r\nContent-Length: ${length}\r\n${head}\r\n`);
  const whole = Buffer.concat(body);
  const half = whole.length - restBytes;
  // Not awaited: a service that is gone takes no more of it.
  void connection.send(whole.subarray(0, half));
  return {
    finish: () => connection.send(whole.subarray(half)),
    answer: () => promise,
    close: connection.close,
  };
}
