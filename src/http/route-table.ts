export interface KnownRoute {
  /** As it is registered, with the names of its parameters. */
  readonly path: string;
  readonly methods: ReadonlySet<string>;
}

export interface RouteTable {
  /**
   * The route that a request belongs to, for logs and metrics; with another method than it has, the one that its path names
   * most exactly. `undefined` for an unknown path.
   */
  find(method: string, path: string): KnownRoute | undefined;
}

/** `listRoutes` is asked once, when the first request is there and all routes are. */
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

/** No route has a parameter there. */
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
