export interface BodyGuard {
  /** How long the sender may leave a read without bytes. The time that a slow reader takes does not count. */
  readonly idleMs: number;
  onIdle(): Error;
  /** Called when the body broke off and `goOn` failed too. */
  onBreak(error: unknown): Error;
  /**
   * Called when the body breaks off. Resolves with a stream of the remaining bytes, or throws if there is no way to get
   * them. The signal aborts the call, and later also the stream.
   */
  goOn(receivedBytes: number, error: unknown, signal: AbortSignal): Promise<ReadableStream<Uint8Array>>;
}

/** Passes a remote body on, chunk by chunk as it is read. If the body breaks off, continues with the stream of `goOn`. */
export function guardBody(body: ReadableStream<Uint8Array>, guard: BodyGuard): ReadableStream<Uint8Array> {
  const end = new AbortController();
  let reader = body.getReader();
  let receivedBytes = 0;
  let isOver = false;

  const stop = async (reason: unknown) => {
    isOver = true;
    // `cancel` fails if the body has broken off. The signal then ends its replacement.
    await reader.cancel(reason).catch(() => {});
    end.abort();
  };

  async function read() {
    for (;;) {
      try {
        return await reader.read();
      } catch (error) {
        const rest = await guard.goOn(receivedBytes, error, end.signal);
        reader = rest.getReader();
      }
    }
  }

  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const timer = setTimeout(() => {
          const silent = guard.onIdle();
          controller.error(silent);
          stop(silent);
        }, guard.idleMs);
        try {
          const { done, value } = await read();
          if (isOver) return;
          if (done) return controller.close();
          receivedBytes += value.byteLength;
          controller.enqueue(value);
        } catch (error) {
          if (!isOver) throw guard.onBreak(error);
        } finally {
          clearTimeout(timer);
        }
      },
      cancel: stop,
    },
    { highWaterMark: 0 },
  );
}
