/** Finds the ends of HTTP answers on a connection, without keeping their bodies. Not for answers to HEAD. */
export interface AnswerReader {
  /** The status, when these bytes complete the answer that is being read. */
  take(bytes: Uint8Array): number | undefined;
}

const empty = Buffer.alloc(0);

export function createAnswerReader(): AnswerReader {
  let held: Buffer = empty;
  let status = 0;
  /** Bytes that are still to come of a body or a chunk. */
  let missing = 0;
  let phase: "head" | "body" | "chunk-size" | "chunk" = "head";

  /** The text before the mark, consumed together with it; undefined while it is not all there. */
  function textBefore(mark: string): string | undefined {
    const end = held.indexOf(mark);
    if (end === -1) return undefined;
    const text = held.toString("latin1", 0, end);
    held = held.subarray(end + mark.length);
    return text;
  }

  function readHead(): boolean {
    const head = textBefore("\r\n\r\n");
    if (head === undefined) return false;
    status = Number(head.slice(9, 12));
    missing = Number(/\r\ncontent-length: *(\d+)/i.exec(head)?.[1] ?? 0);
    const isChunked = /\r\ntransfer-encoding: *chunked/i.test(head);
    const isInterim = status < 200;
    phase = isInterim ? "head" : isChunked ? "chunk-size" : "body";
    return true;
  }

  function readChunkSize(): boolean {
    const size = textBefore("\r\n");
    if (size === undefined) return false;
    missing = Number.parseInt(size, 16) + 2;
    // After the empty chunk only the last line break is left.
    phase = missing === 2 ? "body" : "chunk";
    return true;
  }

  function skip(): boolean {
    const skipped = Math.min(missing, held.length);
    held = held.subarray(skipped);
    missing -= skipped;
    return missing === 0;
  }

  return {
    take(bytes) {
      const fresh = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
      held = held.length === 0 ? fresh : Buffer.concat([held, fresh]);
      for (let advanced = true; advanced; ) {
        if (phase === "head") advanced = readHead();
        else if (phase === "chunk-size") advanced = readChunkSize();
        else {
          advanced = skip();
          if (!advanced) break;
          const hasEnded = phase === "body";
          phase = hasEnded ? "head" : "chunk-size";
          if (hasEnded) return status;
        }
      }
      held = held.length === 0 ? empty : Buffer.from(held);
      return undefined;
    },
  };
}
