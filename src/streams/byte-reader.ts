/** Reads a stream by number of bytes instead of by chunk. It owns the stream: nothing else may read it. */
export interface ByteReader {
  /**
   * The next bytes, at least one and at most `maxBytes`; `undefined` at the end. They are a view of the source's own
   * chunk and stay valid until the next call. Throws the source's error.
   */
  take(maxBytes: number): Promise<Uint8Array | undefined>;
  /**
   * The next bytes, exactly so many, if the source's current chunk holds them all: the same view that `take` returns,
   * without a wait. Otherwise `undefined`, and nothing is taken.
   */
  takeWhole(bytes: number): Uint8Array | undefined;
  /** Copies bytes until the target is full or the source ends. Resolves with their number. Throws the source's error. */
  fill(target: Uint8Array): Promise<number>;
  /** Puts bytes back in front of the rest of the stream. The caller must not change them afterwards. */
  unread(bytes: Uint8Array): void;
  /** Cancels the source, also during a read. That read then sees the end of the stream. */
  cancel(reason?: unknown): Promise<void>;
}

export function createByteReader(source: ReadableStream<Uint8Array>): ByteReader {
  const reader = source.getReader();
  let rest: Uint8Array = new Uint8Array(0);

  async function take(maxBytes: number): Promise<Uint8Array | undefined> {
    while (rest.length === 0) {
      const { done, value } = await reader.read();
      if (done) return undefined;
      rest = value;
    }
    const taken = rest.subarray(0, maxBytes);
    rest = rest.subarray(taken.length);
    return taken;
  }

  function takeWhole(bytes: number): Uint8Array | undefined {
    if (rest.length < bytes) return undefined;
    const taken = rest.subarray(0, bytes);
    rest = rest.subarray(bytes);
    return taken;
  }

  async function fill(target: Uint8Array): Promise<number> {
    let filled = 0;
    while (filled < target.length) {
      const piece = await take(target.length - filled);
      if (piece === undefined) break;
      target.set(piece, filled);
      filled += piece.length;
    }
    return filled;
  }

  function unread(bytes: Uint8Array): void {
    if (bytes.length > 0) rest = rest.length === 0 ? bytes : Buffer.concat([bytes, rest]);
  }

  return { take, takeWhole, fill, unread, cancel: (reason) => reader.cancel(reason) };
}
