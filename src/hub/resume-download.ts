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
  /** The file's size. An end before it is a break; if the size is unknown, any end is the file's end. */
  readonly sizeBytes: number | undefined;
  /** Requests the file again, from that byte on or as a whole. */
  openAt(position: number): Promise<FilePart>;
  readonly onResume: (receivedBytes: number, reason: string) => void;
}

const maxRepeats = 3;

/** How a response ended before the file did. */
interface Break {
  /** `undefined` if it ended properly, but too early. */
  readonly error: AppError | undefined;
}

/**
 * Joins the bodies of several responses into one stream. It ends as the last response did, after three repeats or as
 * soon as a repeat brought nothing new. Skipped bytes must be those that were passed on: a checksum detects that the
 * Hub now has another file.
 */
export function resumeDownload(first: ReadableStream<Uint8Array>, options: ResumeOptions): ReadableStream<Uint8Array> {
  const { sizeBytes, openAt, onResume } = options;
  let reader = createByteReader(first);
  let received = 0;
  let checksum = 0;
  let isOver = false;

  /** Passes a response on to its end; returns `undefined` if that is the end of the file. */
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
      // A response that stood still until its time limit is not resumed.
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

/** Skips bytes that were passed on before. Throws the stream's own error, or `hub_unexpected` if they are different. */
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
