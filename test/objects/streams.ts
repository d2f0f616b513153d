import { createHash } from "node:crypto";

/** Bytes that differ at every position, the same in every run. */
export function patternBytes(sizeBytes: number): Uint8Array {
  const words = new Uint32Array(Math.ceil(sizeBytes / 4));
  for (let i = 0, state = 1; i < words.length; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    words[i] = state;
  }
  return new Uint8Array(words.buffer, 0, sizeBytes);
}

export interface TestSource {
  readonly stream: ReadableStream<Uint8Array>;
  wasCancelled(): boolean;
}

/** A pull stream of the bytes in chunks; at the end it closes, errors with `failure` or, with `hangs`, says nothing more. */
export function streamOf(
  bytes: Uint8Array,
  { chunkBytes = 65_536, failure, hangs = false }: { chunkBytes?: number; failure?: Error; hangs?: boolean } = {},
): TestSource {
  let offset = 0;
  let cancelled = false;
  const stream = new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        if (offset < bytes.byteLength) {
          controller.enqueue(bytes.slice(offset, offset + chunkBytes));
          offset += chunkBytes;
          return undefined;
        }
        if (failure !== undefined) return controller.error(failure);
        return hangs ? new Promise<void>(() => {}) : controller.close();
      },
      cancel() {
        cancelled = true;
      },
    },
    { highWaterMark: 0 },
  );
  return { stream, wasCancelled: () => cancelled };
}

export async function bytesOf(body: ReadableStream<Uint8Array> | Blob): Promise<Uint8Array> {
  return new Uint8Array(await new Response(body).arrayBuffer());
}

export function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

/** What a promise rejects with. */
export async function failureOf(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    (value) => {
      throw new Error(`Expected a rejection, got ${String(value).slice(0, 200)}`);
    },
    (error: unknown) => error,
  );
}
