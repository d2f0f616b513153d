export interface KnownRoute {
  /** The registered path with the names of its parameters. */
  readonly path: string;
  readonly methods: ReadonlySet<string>;
}

export interface RouteTable {
  /**
   * Finds the route of a request, for logs and metrics. If no matching route supports the method, it prefers a route
   * without parameters. `undefined` for an unknown path.
   */
  find(method: string, path: string): KnownRoute | undefined;
}

/** Calls `listRoutes` once, at the first request: all routes are registered then. */
export function createRouteTable(listRoutes: () => readonly { path: string; method: string }[]): RouteTable {
  let known: Map<string | undefined, Candidate[]> | undefined;
  return {
    find(method, path) {
      known ??= Map.groupBy(gather(listRoutes()), ({ path }) => firstSegment(path));
      const candidates = (known.get(firstSegment(path)) ?? []).filter(({ pattern }) => pattern.test(path));
      return candidates.find(({ methods }) => methods.has(method)) ?? candidates[0];
    },
  };
}

interface Candidate extends KnownRoute {
  readonly pattern: RegExp;
}

/** The key for the look-up. It works because no route has a parameter in its first segment. */
const firstSegment = (path: string) => path.split("/", 2)[1];

function gather(routes: readonly { path: string; method: string }[]) {
  const methods = new Map<string, Set<string>>();
  for (const { path, method } of routes) {
    if (path === "/*" || method === "ALL") continue;
    const known = methods.get(path) ?? new Set<string>();
    methods.set(path, known.add(method));
    if (method === "GET") known.add("HEAD");
  }
  return [...methods]
    .sort(([a], [b]) => Number(a.includes(":")) - Number(b.includes(":")))
    .map(([path, methods]) => ({ path, methods, pattern: patternOf(path) }));
}

function patternOf(path: string): RegExp {
  const segments = path.split("/").map((segment) => {
    if (!segment.startsWith(":")) return segment.replace(/[.]/g, "\\.");
    return segment.endsWith("{.+}") ? ".+" : "[^/]+";
  });
  return new RegExp(`^${segments.join("/")}$`);
}
