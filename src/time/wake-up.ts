/** Lets a loop wait, and lets others end the wait early. */
export interface WakeUp {
  wake(): void;
  /** Resolves after the time or at `wake`, and at once if `wake` was called since the last wait. */
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
