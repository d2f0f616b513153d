export interface BodyGuard {
  /** How long the sender may deliver no byte that was asked for. A reader that takes its time is not held against it. */
  readonly idleMs: number;
  onIdle(): Error;
  /** Called when the body has broken off for good. */
  onBreak(error: unknown): Error;
  /**
   * Called when the body breaks off: resolves with the bytes behind those received, or throws when there is no way to get
   * them. The signal aborts that, also once it has resolved.
   */
  goOn(receivedBytes: number, error: unknown, signal: AbortSignal): Promise<ReadableStream<Uint8Array>>;
}

/** Passes a remote body on, chunk by chunk as it is read, and goes on with another one where it breaks off. */
export function guardBody(body: ReadableStream<Uint8Array>, guard: BodyGuard): ReadableStream<Uint8Array> {
  const end = new AbortController();
  let reader = body.getReader();
  let receivedBytes = 0;
  let isOver = false;

  const stop = async (reason: unknown) => {
    isOver = true;
    // It fails when its body has broken off; then the signal ends what is in its place.
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
