import { AppError } from "../errors.ts";

/**
 * Calls `ended` when the delivery of a body is over: without a failure after the last byte, or with the reason. Calls
 * `beforeLast` when all bytes are on their way but the client has not yet seen the end of the body.
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
