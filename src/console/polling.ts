import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import { ApiError, useApi } from "./api.ts";

export interface Polled<T> {
  /** The last successful response. It stays when a later attempt fails. */
  readonly data: T | undefined;
  readonly error: ApiError | undefined;
  /** Milliseconds since the epoch on the node's clock. */
  readonly updatedAt: number | undefined;
  readonly isLoading: boolean;
  refresh(): Promise<void>;
}

/** Loads now, when `key` changes, and every `everyMs` while the page is visible; 0 = no repeats. */
export function usePolling<T>(key: string, load: () => Promise<T>, everyMs: number): Polled<T> {
  const api = useApi();
  const [state, setState] = useState<{ key: string; data?: T; error?: ApiError; at?: number }>({ key });
  const [isLoading, setLoading] = useState(false);
  const latest = useRef({ key, load });
  latest.current = { key, load };

  const refresh = useCallback(async () => {
    const asked = latest.current.key;
    setLoading(true);
    const outcome = await outcomeOf(latest.current.load());
    // The key has changed meanwhile, so this response is out of date.
    if (asked !== latest.current.key) return;
    setLoading(false);
    if (outcome instanceof ApiError)
      setState((old) => ({ ...(old.key === asked ? old : { key: asked }), error: outcome }));
    else setState({ key: asked, data: outcome, at: api.now() });
  }, [api]);

  // A new key needs a new request.
  useEffect(() => {
    void refresh();
    if (everyMs === 0) return undefined;
    const refreshIfSeen = () => void (document.visibilityState === "visible" && refresh());
    const timer = setInterval(refreshIfSeen, everyMs);
    document.addEventListener("visibilitychange", refreshIfSeen);
    return () => {
      clearInterval(timer);
      document.removeEventListener("visibilitychange", refreshIfSeen);
    };
  }, [key, everyMs, refresh]);

  const isCurrent = state.key === key;
  return {
    data: isCurrent ? state.data : undefined,
    error: isCurrent ? state.error : undefined,
    updatedAt: isCurrent ? state.at : undefined,
    isLoading,
    refresh,
  };
}

async function outcomeOf<T>(work: Promise<T>): Promise<T | ApiError> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof ApiError) return error;
    throw error;
  }
}
