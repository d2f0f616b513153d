/** Computes the SHA-256 of bytes, in lower-case hex. */
export interface ContentHash {
  update(bytes: Uint8Array): void;
  digest(): string;
}

/** Facts of a whole file. */
export interface ContentFacts {
  readonly bytes: number;
  /** In lower-case hex. */
  readonly sha256: string;
}

export interface HashedStream {
  readonly stream: ReadableStream<Uint8Array>;
  /** The hash of all bytes. Call it after the stream was read to its end. */
  sha256(): string;
}

/** Passes the stream on and hashes its bytes. */
export function hashed(source: ReadableStream<Uint8Array>, hash: ContentHash): HashedStream {
  const reader = source.getReader();
  const stream = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const { done, value } = await reader.read();
        if (done) return controller.close();
        hash.update(value);
        controller.enqueue(value);
      },
      cancel: (reason) => reader.cancel(reason),
    },
    { highWaterMark: 0 },
  );
  return { stream, sha256: () => hash.digest() };
}

/** Reads a stream to its end and resolves with its hash. */
export async function hashOf(source: ReadableStream<Uint8Array>, hash: ContentHash): Promise<string> {
  const reader = source.getReader();
  for (let read = await reader.read(); !read.done; read = await reader.read()) hash.update(read.value);
  return hash.digest();
}
