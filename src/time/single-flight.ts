/** Work that runs once at a time for each key. A caller that comes while it runs waits for the same end. */
export interface SingleFlight<T> {
  run(key?: string): Promise<T>;
  isRunning(key?: string): boolean;
  /** Callers from now on do not wait for what runs, but start anew. */
  forget(): void;
}

export function createSingleFlight<T>(work: (key: string) => Promise<T>): SingleFlight<T> {
  const flights = new Map<string, Promise<T>>();
  return {
    run(key = "") {
      const running = flights.get(key);
      if (running !== undefined) return running;
      // Failures are shared as well, and not kept: the next one to ask tries anew.
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
