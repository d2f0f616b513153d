import { type Route, timedOut } from "./network-failure.ts";

/** Aborts a transfer if the other side moves nothing for too long. */
export interface IdleWatch {
  /** Aborts with an `AppError` (`hub_timeout`) after the idle time, or with the reason given to `abort`. */
  readonly signal: AbortSignal;
  /** From now on we wait for the other side. Calling it again restarts the time. */
  waiting(): void;
  /** From now on the other side waits for us, or nothing is left to wait for. */
  paused(): void;
  abort(reason?: unknown): void;
}

export function createIdleWatch(idleMs: number, route: Route): IdleWatch {
  const controller = new AbortController();
  let timer: ReturnType<typeof setTimeout> | undefined;
  function paused() {
    clearTimeout(timer);
    timer = undefined;
  }
  function abort(reason?: unknown) {
    paused();
    controller.abort(reason);
  }
  function waiting() {
    paused();
    timer = setTimeout(() => abort(timedOut(route)), idleMs);
  }
  return { signal: controller.signal, waiting, paused, abort };
}

/** A request body under watch: the time runs while the other side does not ask for more. */
export function watchRequestBody(body: ReadableStream<Uint8Array>, watch: IdleWatch): ReadableStream<Uint8Array> {
  const reader = body.getReader();
  return new ReadableStream(
    {
      async pull(controller) {
        watch.paused();
        const { done, value } = await reader.read();
        watch.waiting();
        if (done) controller.close();
        else controller.enqueue(value);
      },
      cancel: (reason) => reader.cancel(reason),
    },
    { highWaterMark: 0 },
  );
}

/**
 * A response's body under watch: the time runs only while its reader wants more. Cancelling it closes the connection.
 */
export function watchAnswerBody(
  body: ReadableStream<Uint8Array>,
  watch: IdleWatch,
  explain: (error: unknown) => Error,
): ReadableStream<Uint8Array> {
  const reader = body.getReader();
  return new ReadableStream(
    {
      async pull(controller) {
        watch.waiting();
        try {
          const { done, value } = await reader.read();
          if (done) controller.close();
          else controller.enqueue(value);
        } catch (error) {
          controller.error(explain(watch.signal.aborted ? watch.signal.reason : error));
        } finally {
          watch.paused();
        }
      },
      async cancel(reason) {
        await reader.cancel(reason).catch(() => {});
        watch.abort(reason);
      },
    },
    { highWaterMark: 0 },
  );
}
