/** Takes bytes and gives their SHA-256 in lower-case hex. */
export interface ContentHash {
  update(bytes: Uint8Array): void;
  digest(): string;
}

export interface HashedStream {
  readonly stream: ReadableStream<Uint8Array>;
  /** Of all bytes; to be asked when the stream has been read to its end. */
  sha256(): string;
}

/** The same stream, hashed as it is read. */
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

/** Reads a stream to its end. */
export async function hashOf(source: ReadableStream<Uint8Array>, hash: ContentHash): Promise<string> {
  const reader = source.getReader();
  for (let read = await reader.read(); !read.done; read = await reader.read()) hash.update(read.value);
  return hash.digest();
}
