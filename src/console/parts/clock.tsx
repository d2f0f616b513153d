import { type ComponentChildren, createContext } from "preact";
import { useContext, useEffect, useState } from "preact/hooks";
import { useApi } from "../api.ts";

const tickMs = 5_000;
const context = createContext(0);

/** Moves all relative times at once. */
export function ClockProvider({ children }: { children: ComponentChildren }) {
  const api = useApi();
  const [now, setNow] = useState(api.now);
  useEffect(() => {
    const timer = setInterval(() => setNow(api.now()), tickMs);
    return () => clearInterval(timer);
  }, [api]);
  return <context.Provider value={now}>{children}</context.Provider>;
}

/** Milliseconds since the epoch by the node's clock, a few seconds old at most. */
export function useNow(): number {
  const api = useApi();
  // What was answered since the last tick is not in the future.
  return Math.max(useContext(context), api.now());
}
