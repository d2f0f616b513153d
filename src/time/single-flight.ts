/** Runs work once at a time for each key. A caller that comes meanwhile gets the result of the running work. */
export interface SingleFlight<T> {
  run(key?: string): Promise<T>;
  isRunning(key?: string): boolean;
  /** Later callers start new work instead of waiting for work that runs now. */
  forget(): void;
}

export function createSingleFlight<T>(work: (key: string) => Promise<T>): SingleFlight<T> {
  const flights = new Map<string, Promise<T>>();
  return {
    run(key = "") {
      const running = flights.get(key);
      if (running !== undefined) return running;
      // Waiting callers also share a failure. It is not kept: the next caller tries again.
      const flight = work(key).finally(() => {
        if (flights.get(key) === flight) flights.delete(key);
      });
      flights.set(key, flight);
      return flight;
    },
    isRunning(key = "") {
      return flights.has(key);
    },
    forget() {
      flights.clear();
    },
  };
}
