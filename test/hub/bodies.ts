/** Bodies that behave in a certain way, for uploads. */

export function bodyOf(...chunks: readonly (string | Uint8Array)[]): ReadableStream<Uint8Array> {
  return new Blob(chunks.map((chunk) => (typeof chunk === "string" ? chunk : Uint8Array.from(chunk)))).stream();
}

export interface PulledBody {
  readonly body: ReadableStream<Uint8Array>;
  readonly seen: { pulledBytes: number; cancelled: boolean };
}

/** `sizeBytes` of a pattern, made only when asked for; `failAt` bytes it errors. */
export function pulledBody(
  sizeBytes: number,
  options: { failAt?: number; error?: Error; pauseMs?: number } = {},
): PulledBody {
  const { failAt = Number.POSITIVE_INFINITY, error = new Error("the source is broken"), pauseMs = 0 } = options;
  const seen = { pulledBytes: 0, cancelled: false };
  const body = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        if (pauseMs > 0) await Bun.sleep(pauseMs);
        if (seen.pulledBytes >= failAt) return controller.error(error);
        if (seen.pulledBytes >= sizeBytes) return controller.close();
        const length = Math.min(CHUNK_BYTES, sizeBytes - seen.pulledBytes, failAt - seen.pulledBytes);
        controller.enqueue(patternAt(seen.pulledBytes, length));
        seen.pulledBytes += length;
      },
      cancel() {
        seen.cancelled = true;
      },
    },
    { highWaterMark: 0 },
  );
  return { body, seen };
}

export function sha256OfPattern(sizeBytes: number): string {
  const hasher = new Bun.CryptoHasher("sha256");
  for (let at = 0; at < sizeBytes; at += CHUNK_BYTES)
    hasher.update(patternAt(at, Math.min(CHUNK_BYTES, sizeBytes - at)));
  return hasher.digest("hex");
}

const CHUNK_BYTES = 256 * 1024;

/** Differs from chunk to chunk, so that lost, doubled or swapped chunks show. */
function patternAt(offset: number, length: number): Uint8Array<ArrayBuffer> {
  return new Uint8Array(length).fill(1 + ((offset / CHUNK_BYTES) % 251));
}
