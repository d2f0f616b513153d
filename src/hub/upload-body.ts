import type { MultipartEnvelope } from "./multipart.ts";
import type { UploadSource } from "./upload-source.ts";

export interface UploadBody {
  /**
   * The whole multipart message, from its first byte. It never errors: a broken message would kill the Hub's storage
   * process.
   */
  open(): ReadableStream<Uint8Array>;
  /** Only for short bodies of known length. */
  readonly contentLength: number | undefined;
  /** Why the message that was sent does not hold the whole file; `undefined` if it does. */
  failure(): { readonly error: unknown } | undefined;
  /** Whether any of it was read for sending. */
  hasBegun(): boolean;
}

/**
 * Up to this length the request announces a Content-Length. It must be kept even if the source fails: the rest is
 * padded. Longer bodies are sent in chunks, which every Hub accepts, because these can end at any point.
 */
const MAX_PADDED_BYTES = 1024 * 1024;
const PADDING = new Uint8Array(64 * 1024);

export function createUploadBody(source: UploadSource, envelope: MultipartEnvelope, sizeBytes?: number): UploadBody {
  const { head, tail } = envelope;
  const paddedBytes = sizeBytes !== undefined && sizeBytes <= MAX_PADDED_BYTES ? sizeBytes : undefined;
  let failure: { readonly error: unknown } | undefined;
  let hasBegun = false;

  async function* message(): AsyncGenerator<Uint8Array, void, void> {
    failure = undefined;
    hasBegun = true;
    let sentBytes = 0;
    yield head;
    try {
      for await (const chunk of chunksOf(source, sizeBytes)) {
        sentBytes += chunk.byteLength;
        yield chunk;
      }
    } catch (error) {
      failure = { error };
    }
    for (let left = (paddedBytes ?? 0) - sentBytes; left > 0; left -= PADDING.byteLength)
      yield PADDING.subarray(0, left);
    yield tail;
  }

  return {
    open: () => toStream(message()),
    contentLength: paddedBytes === undefined ? undefined : head.byteLength + paddedBytes + tail.byteLength,
    failure: () => failure,
    hasBegun: () => hasBegun,
  };
}

/** The source's chunks; throws as soon as they do not match the announced size. */
async function* chunksOf(source: UploadSource, sizeBytes: number | undefined): AsyncGenerator<Uint8Array, void, void> {
  let gotBytes = 0;
  for (let index = 0; ; index++) {
    const chunk = await source.chunk(index);
    if (chunk === undefined) break;
    gotBytes += chunk.byteLength;
    if (sizeBytes !== undefined && gotBytes > sizeBytes) break;
    if (chunk.byteLength > 0) yield chunk;
  }
  if (sizeBytes !== undefined && gotBytes !== sizeBytes) {
    throw new Error(
      `the upload's source has ${gotBytes > sizeBytes ? "more" : "less"} than the announced ${sizeBytes} bytes`,
    );
  }
}

function toStream(chunks: AsyncGenerator<Uint8Array, void, void>): ReadableStream<Uint8Array> {
  return new ReadableStream(
    {
      async pull(controller) {
        const { done, value } = await chunks.next();
        if (done) controller.close();
        else controller.enqueue(value);
      },
    },
    { highWaterMark: 0 },
  );
}
