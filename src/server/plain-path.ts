type Parameters = Readonly<Record<string, string>>;

/**
 * Routes that match every path and give the handler a check for path traversal. Bun normalises a request's URL as a
 * browser does: `/final/../metrics` and `/final\..\metrics` become `/metrics`. A proxy that allows only some paths
 * would then let a client reach all of them. Only the parameters of Bun's own routes hold the path as it was sent.
 */
export function everyPath<Handler>(handlerFor: (isPlain: (parameters: Parameters, url: string) => boolean) => Handler) {
  const handler = handlerFor(isPlain);
  const routes: Record<string, Handler> = { "/": handler };
  let path = "";
  for (let depth = 0; depth < maxSegments; depth += 1) {
    path += `/:p${depth}`;
    routes[path] = handler;
    routes[`${path}/`] = handler;
  }
  return routes;
}

/** No path of the service has more segments. Longer paths get 404 in any case. */
const maxSegments = 8;

/**
 * Whether Bun left the path as it was sent. A dot segment, backslash or hash is harmless if it was sent
 * percent-encoded: then the URL still has it, encoded, in the same segment.
 */
function isPlain(parameters: Parameters, url: string): boolean {
  const segments = Object.values(parameters);
  if (!segments.some((segment) => /^\.\.?$|[\\#]/.test(segment))) return true;
  const [path = ""] = url.replace(/^[^/]*\/\/[^/]*\//, "").split(/[?#]/);
  const sent = path.split("/").slice(0, segments.length);
  return segments.every((segment, index) => segment === decode(sent[index] ?? ""));
}

function decode(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}
