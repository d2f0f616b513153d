import type { ContentFacts, ContentHash } from "./content-hash.ts";

export interface CountedContent {
  readonly stream: ReadableStream<Uint8Array>;
  /** Of all bytes. Call it once, after the stream was read to its end. */
  facts(): ContentFacts;
}

/** Passes the stream on, and counts and hashes its bytes. */
export function countedContent(source: ReadableStream<Uint8Array>, hash: ContentHash): CountedContent {
  const reader = source.getReader();
  let bytes = 0;
  const stream = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const { done, value } = await reader.read();
        if (done) return controller.close();
        bytes += value.byteLength;
        hash.update(value);
        controller.enqueue(value);
      },
      cancel: (reason) => reader.cancel(reason),
    },
    { highWaterMark: 0 },
  );
  return { stream, facts: () => ({ bytes, sha256: hash.digest() }) };
}
