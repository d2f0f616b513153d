/** Ends the wait of a loop before its time. */
export interface WakeUp {
  wake(): void;
  /** Resolves after the time, or when woken; at once if it was woken since the last wait. */
  wait(ms: number): Promise<void>;
}

export function createWakeUp(): WakeUp {
  let isAwake = false;
  let endWait = () => {};
  return {
    wake() {
      isAwake = true;
      endWait();
    },
    async wait(ms) {
      if (!isAwake) {
        await new Promise<void>((resolve) => {
          const timer = setTimeout(resolve, ms);
          endWait = () => {
            clearTimeout(timer);
            resolve();
          };
        });
      }
      isAwake = false;
    },
  };
}
