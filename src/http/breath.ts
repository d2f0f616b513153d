export interface Breath {
  /** Resolves at once, or after turns of the event loop while the present one has lasted too long. */
  take(): Promise<void>;
}

/**
 * Lets requests have their turn among uploads. Pieces of many uploads may wait in memory at once, and to work through all
 * of them in one go would keep a probe of /healthz waiting. Requests themselves do not wait here: the server closes a
 * connection on which a request comes in ahead of an answer, unless that answer is given within the turn.
 */
export function createBreath(now: () => number = () => performance.now(), busyMs = 10): Breath {
  let turnedAt = now();
  let turning: Promise<void> | undefined;

  function turn(): Promise<void> {
    turning ??= new Promise((resolve) => {
      setImmediate(() => {
        turnedAt = now();
        turning = undefined;
        resolve();
      });
    });
    return turning;
  }

  return {
    async take() {
      // Whoever comes later in the same turn may find it too long again.
      while (now() - turnedAt >= busyMs) await turn();
    },
  };
}

/** The one of this process, as there is one event loop. */
export const breath = createBreath();
