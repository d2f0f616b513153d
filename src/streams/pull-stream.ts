/**
 * A byte stream that runs the generator one step for each read, never ahead of its reader.
 *
 * Calls `release` once when the stream ends: after the last chunk, with the error, or with the reason of a cancel (at
 * once, even while the generator still waits for its source). Ignores errors of `release`.
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
