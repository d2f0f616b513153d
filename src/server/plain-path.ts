type Parameters = Readonly<Record<string, string>>;

/**
 * Bun hands over a url as a browser would read it, where `/final/../metrics` and `/final\..\metrics` are `/metrics`: a proxy
 * that lets some paths pass would let all pass. Only the parameters of Bun's own routes show a path as it was sent.
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

/** More than any path of ours has; longer ones are unknown whatever they look like. */
const maxSegments = 8;

/** A sign that could lead elsewhere is plain where it was sent escaped: the url still holds it so, in the same place. */
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
