import { crc32 } from "node:zlib";
import { AppError, reasonOf } from "../errors.ts";
import { type ByteReader, createByteReader } from "../streams/byte-reader.ts";
import { pullStream } from "../streams/pull-stream.ts";

/** A file's bytes from its start or from further on. */
export interface FilePart {
  readonly stream: ReadableStream<Uint8Array>;
  readonly start: number;
}

export interface ResumeOptions {
  /** An end before it is a break; where it is unknown, any end is the end. */
  readonly sizeBytes: number | undefined;
  /** Asks for the file again, from that byte on or as a whole. */
  openAt(position: number): Promise<FilePart>;
  readonly onResume: (receivedBytes: number, reason: string) => void;
}

const maxRepeats = 3;

/** How one answer came to its end before the file did. */
interface Break {
  /** `undefined` where it ended properly, but too early. */
  readonly error: AppError | undefined;
}

/**
 * One stream out of as many as it takes. It ends as the last answer did after three repeats, or as soon as one has brought
 * nothing new. What is skipped must be what was passed on: a checksum tells when the Hub has another file by now.
 */
export function resumeDownload(first: ReadableStream<Uint8Array>, options: ResumeOptions): ReadableStream<Uint8Array> {
  const { sizeBytes, openAt, onResume } = options;
  let reader = createByteReader(first);
  let received = 0;
  let checksum = 0;
  let isOver = false;

  /** Reads to the end; gives `undefined` when it is the file's. */
  async function* passOn(): AsyncGenerator<Uint8Array, Break | undefined, void> {
    try {
      for (;;) {
        const piece = await reader.take(Number.POSITIVE_INFINITY);
        if (piece === undefined) return received < (sizeBytes ?? 0) ? { error: undefined } : undefined;
        received += piece.byteLength;
        checksum = crc32(piece, checksum);
        yield piece;
      }
    } catch (error) {
      // One on which nothing moved for long is given up.
      if (isOver || !(error instanceof AppError) || error.code !== "hub_unreachable") throw error;
      return { error };
    }
  }

  async function goOn(): Promise<void> {
    const part = await openAt(received);
    reader = createByteReader(part.stream);
    if (isOver) await reader.cancel();
    else if (part.start < received) await skip(reader, received - part.start, checksum, () => isOver);
  }

  async function* chunks(): AsyncGenerator<Uint8Array, void, void> {
    for (let repeats = 0, before = -1; ; repeats += 1) {
      const broken = yield* passOn();
      if (broken === undefined || isOver) return;
      if (repeats === maxRepeats || received === before) {
        if (broken.error === undefined) return;
        throw broken.error;
      }
      before = received;
      onResume(received, broken.error === undefined ? "the Hub ended the file early" : reasonOf(broken.error));
      await reader.cancel().catch(() => {});
      await goOn();
      if (isOver) return;
    }
  }

  return pullStream(chunks(), (reason) => {
    isOver = true;
    return reader.cancel(reason);
  });
}

/** Reads over bytes that were passed on before. Throws the stream's own error, or `hub_unexpected` where they are others. */
async function skip(reader: ByteReader, bytes: number, expected: number, isOver: () => boolean): Promise<void> {
  let checksum = 0;
  for (let left = bytes; left > 0 && !isOver(); ) {
    const piece = await reader.take(left);
    if (piece === undefined) throw another();
    left -= piece.byteLength;
    checksum = crc32(piece, checksum);
  }
  if (isOver() || checksum === expected) return;
  await reader.cancel();
  throw another();
}

function another() {
  return new AppError("hub_unexpected", "The Hub delivered another file when it was asked again");
}
