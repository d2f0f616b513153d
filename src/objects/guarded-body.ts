/**
 * Passes a remote body on, chunk by chunk as it is read. It errors with `onIdle()` when a chunk that was asked for does not come
 * within `idleMs` — a reader that takes its time is not held against the sender — and with `onBreak(error)` when the body breaks off.
 */
export function guardBody(
  body: ReadableStream<Uint8Array> | null,
  idleMs: number,
  onIdle: () => Error,
  onBreak: (error: unknown) => Error,
): ReadableStream<Uint8Array> {
  if (body === null) return new ReadableStream({ start: (controller) => controller.close() });
  const reader = body.getReader();
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const timer = setTimeout(() => {
          const silent = onIdle();
          controller.error(silent);
          reader.cancel(silent).catch(() => {});
        }, idleMs);
        try {
          const { done, value } = await reader.read();
          if (done) controller.close();
          else controller.enqueue(value);
        } catch (error) {
          throw onBreak(error);
        } finally {
          clearTimeout(timer);
        }
      },
      cancel: (reason) => reader.cancel(reason),
    },
    { highWaterMark: 0 },
  );
}
