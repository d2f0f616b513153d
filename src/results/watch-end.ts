import { AppError } from "../errors.ts";

/**
 * Tells how the delivery of a body has ended: to its last byte, or with the reason why not. `beforeLast` is done when all bytes
 * are on their way and the client has not heard yet that these were all.
 */
export function watchEnd(
  body: ReadableStream<Uint8Array>,
  signal: AbortSignal,
  ended: (failure?: { readonly error: unknown }) => Promise<void>,
  beforeLast: () => Promise<void> = async () => {},
): ReadableStream<Uint8Array> {
  const reader = body.getReader();
  const clientGone = () => new AppError("client_gone", "The client closed the connection");
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        try {
          const { done, value } = await reader.read();
          if (!done) return controller.enqueue(value);
        } catch (error) {
          await ended({ error });
          throw error;
        }
        if (!signal.aborted) await beforeLast();
        controller.close();
        await ended(signal.aborted ? { error: clientGone() } : undefined);
      },
      async cancel(reason) {
        await reader.cancel(reason).catch(() => {});
        await ended({ error: clientGone() });
      },
    },
    { highWaterMark: 0 },
  );
}
