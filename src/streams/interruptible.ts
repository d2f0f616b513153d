/** Passes the stream on. It fails with the signal's reason as soon as the signal aborts. */
export function interruptible(source: ReadableStream<Uint8Array>, signal: AbortSignal): ReadableStream<Uint8Array> {
  const reader = source.getReader();
  let interrupt = () => {};
  const release = () => signal.removeEventListener("abort", interrupt);
  return new ReadableStream<Uint8Array>(
    {
      start(controller) {
        interrupt = () => {
          controller.error(signal.reason);
          reader.cancel(signal.reason).catch(() => {});
        };
        if (signal.aborted) interrupt();
        else signal.addEventListener("abort", interrupt, { once: true });
      },
      async pull(controller) {
        const { done, value } = await reader.read();
        if (signal.aborted) return;
        if (!done) return controller.enqueue(value);
        release();
        controller.close();
      },
      cancel(reason) {
        release();
        return reader.cancel(reason);
      },
    },
    { highWaterMark: 0 },
  );
}
