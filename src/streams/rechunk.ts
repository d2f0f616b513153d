import { createByteReader } from "./byte-reader.ts";
import { pullStream } from "./pull-stream.ts";

/**
 * The same bytes in chunks of exactly `chunkBytes`, only the last one shorter; each chunk is the reader's to keep. The source
 * is pulled only when a chunk is asked for, and cancelled when the stream is.
 */
export function rechunk(source: ReadableStream<Uint8Array>, chunkBytes: number): ReadableStream<Uint8Array> {
  const reader = createByteReader(source);

  async function* chunks() {
    for (;;) {
      const chunk = new Uint8Array(chunkBytes);
      const length = await reader.fill(chunk);
      if (length > 0) yield chunk.subarray(0, length);
      if (length < chunkBytes) return;
    }
  }

  return pullStream(chunks(), reader.cancel);
}
