import { useEffect, useState } from "preact/hooks";
import type { Query } from "./api.ts";

/** What the page shows, from the fragment of its URL: `#/queue?status=rejected`. */
export interface Route {
  readonly panel: string;
  readonly query: Query;
}

export function parseRoute(fragment: string): Route {
  const [, panel = "", query = ""] = /^#\/([a-z-]*)(?:\?(.*))?$/.exec(fragment) ?? [];
  return { panel, query: Object.fromEntries(new URLSearchParams(query)) };
}

export function linkTo(panel: string, query: Query = {}): string {
  const known = Object.entries(query).filter((entry): entry is [string, string] => Boolean(entry[1]));
  return `#/${panel}${known.length === 0 ? "" : `?${new URLSearchParams(known)}`}`;
}

export function useRoute(): Route {
  const [route, setRoute] = useState(() => parseRoute(location.hash));
  useEffect(() => {
    const follow = () => setRoute(parseRoute(location.hash));
    addEventListener("hashchange", follow);
    return () => removeEventListener("hashchange", follow);
  }, []);
  return route;
}

/** Replaces the history entry, so that the back button leaves the panel instead of undoing filters. */
export function replaceQuery(panel: string, query: Query): void {
  history.replaceState(null, "", linkTo(panel, query));
  dispatchEvent(new HashChangeEvent("hashchange"));
}
