import { type ComponentChildren, createContext } from "preact";
import { useContext, useEffect, useState } from "preact/hooks";
import { useApi } from "../api.ts";

const tickMs = 5_000;
const context = createContext(0);

/** Updates all relative times together. */
export function ClockProvider({ children }: { children: ComponentChildren }) {
  const api = useApi();
  const [now, setNow] = useState(api.now);
  useEffect(() => {
    const timer = setInterval(() => setNow(api.now()), tickMs);
    return () => clearInterval(timer);
  }, [api]);
  return <context.Provider value={now}>{children}</context.Provider>;
}

/** Milliseconds since the epoch on the node's clock, at most a few seconds old. */
export function useNow(): number {
  const api = useApi();
  // The time of a response since the last tick must not seem to lie in the future.
  return Math.max(useContext(context), api.now());
}
