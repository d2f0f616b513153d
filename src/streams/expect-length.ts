import { AppError } from "../errors.ts";

/** Passes the stream on. It fails with `hub_unexpected`, before it closes, if the length is not the announced one. */
export function expectLength(source: ReadableStream<Uint8Array>, bytes: number): ReadableStream<Uint8Array> {
  const reader = source.getReader();
  let left = bytes;
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const { done, value } = await reader.read();
        left -= value?.byteLength ?? 0;
        if (left < 0 || (done && left > 0)) {
          await reader.cancel().catch(() => {});
          throw new AppError("hub_unexpected", "The Hub delivered another number of bytes than it had announced");
        }
        if (done) controller.close();
        else controller.enqueue(value);
      },
      cancel: (reason) => reader.cancel(reason),
    },
    { highWaterMark: 0 },
  );
}
