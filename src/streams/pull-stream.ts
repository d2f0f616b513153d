/**
 * A byte stream that runs the generator one step per read and never ahead of its reader.
 *
 * `release` is called once, however the stream ends: after the last chunk, after an error, or with the reason of a cancel
 * (at once, even while the generator is still waiting for its source). What it throws is ignored.
 */
export function pullStream(
  chunks: AsyncGenerator<Uint8Array, void, void>,
  release: (reason?: unknown) => Promise<void>,
): ReadableStream<Uint8Array> {
  let released: Promise<void> | undefined;
  const releaseOnce = (reason?: unknown) => {
    released ??= release(reason).catch(() => {});
    return released;
  };
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        try {
          const { done, value } = await chunks.next();
          if (released !== undefined) return;
          if (!done) return controller.enqueue(value);
        } catch (error) {
          await releaseOnce(error);
          throw error;
        }
        await releaseOnce();
        controller.close();
      },
      async cancel(reason) {
        await releaseOnce(reason);
        await chunks.return().catch(() => {});
      },
    },
    { highWaterMark: 0 },
  );
}
