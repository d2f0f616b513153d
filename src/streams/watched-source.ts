export interface WatchedSource {
  readonly stream: ReadableStream<Uint8Array>;
  /** Resolves with the error when whoever reads the stream has neither asked for more nor finished for too long. */
  readonly silence: Promise<Error>;
  /** The bytes handed on so far. */
  bytes(): number;
  /** The error of the source itself, if it was the source that failed. */
  failure(): { readonly error: unknown } | undefined;
  /** Ends the watch and lets go of the source. */
  release(): void;
}

/**
 * Hands a source on to a sink that can neither be watched nor stopped from outside. Time the source takes does not count; the time
 * between two demands of the sink, and after the last byte, does. When it exceeds `idleMs` the stream is errored, which is what
 * makes the sink drop what it has, and the source is cancelled.
 */
export function watchSource(source: ReadableStream<Uint8Array>, idleMs: number, onIdle: () => Error): WatchedSource {
  const reader = source.getReader();
  const silence = Promise.withResolvers<Error>();
  let bytes = 0;
  let failure: { readonly error: unknown } | undefined;
  let output: ReadableStreamDefaultController<Uint8Array> | undefined;
  let timer: NodeJS.Timeout | undefined;
  /** The sink takes no more: what the source says from then on is not the reason of a failure. */
  let isDropped = false;

  const waitForSink = () => {
    timer = setTimeout(() => {
      const error = onIdle();
      silence.resolve(error);
      isDropped = true;
      output?.error(error);
      reader.cancel(error).catch(() => {});
    }, idleMs);
  };

  const stream = new ReadableStream<Uint8Array>(
    {
      start(controller) {
        output = controller;
        waitForSink();
      },
      async pull(controller) {
        clearTimeout(timer);
        try {
          const { done, value } = await reader.read();
          if (isDropped) return;
          if (done) return controller.close();
          bytes += value.byteLength;
          controller.enqueue(value);
        } catch (error) {
          if (!isDropped) failure = { error };
          throw error;
        } finally {
          waitForSink();
        }
      },
      cancel(reason) {
        isDropped = true;
        return reader.cancel(reason);
      },
    },
    { highWaterMark: 0 },
  );

  return {
    stream,
    silence: silence.promise,
    bytes: () => bytes,
    failure: () => failure,
    release() {
      clearTimeout(timer);
      reader.cancel().catch(() => {});
    },
  };
}
