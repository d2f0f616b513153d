/** What a test stream has seen of its reader. */
export interface ObservedStream {
  readonly stream: ReadableStream<Uint8Array>;
  readonly pulledBytes: () => number;
  readonly cancelled: () => boolean;
}

/** The chunks one by one, each only when asked for; then the end, or the given error. */
export function observedStream(chunks: Iterable<Uint8Array>, error?: Error): ObservedStream {
  const iterator = chunks[Symbol.iterator]();
  let pulledBytes = 0;
  let cancelled = false;
  const stream = new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        const { done, value } = iterator.next();
        if (!done) {
          pulledBytes += value.length;
          controller.enqueue(value);
        } else if (error) controller.error(error);
        else controller.close();
      },
      cancel() {
        cancelled = true;
      },
    },
    { highWaterMark: 0 },
  );
  return { stream, pulledBytes: () => pulledBytes, cancelled: () => cancelled };
}

export function streamOf(...chunks: Uint8Array[]): ReadableStream<Uint8Array> {
  return observedStream(chunks).stream;
}

/** Cuts bytes into pieces of the given lengths, over and over; a length of 0 makes an empty chunk. */
export function* cut(bytes: Uint8Array, lengths: readonly number[]): Generator<Uint8Array, void, void> {
  if (!lengths.some((length) => length > 0)) throw new RangeError("At least one piece must have a length");
  for (let position = 0, turn = 0; position < bytes.length; turn++) {
    const length = lengths[turn % lengths.length] ?? 0;
    yield bytes.slice(position, position + length);
    position += length;
  }
}

export async function collect(stream: ReadableStream<Uint8Array>): Promise<Uint8Array> {
  const { bytes, error } = await collectUntilError(stream);
  if (error !== undefined) throw error;
  return bytes;
}

/** What came out before the end or the error. */
export async function collectUntilError(stream: ReadableStream<Uint8Array>) {
  const chunks: Uint8Array[] = [];
  const reader = stream.getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return { bytes: join(chunks), error: undefined };
      chunks.push(value.slice());
    }
  } catch (error) {
    return { bytes: join(chunks), error };
  }
}

function join(chunks: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(chunks));
}
