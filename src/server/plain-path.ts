type Parameters = Readonly<Record<string, string>>;

/**
 * Bun hands over a url as a browser would read it, where `/final/../metrics` and `/final\..\metrics` are `/metrics`: a proxy
 * that lets some paths pass would let all pass. Only the parameters of Bun's own routes show a path as it was sent.
 */
export function everyPath<Handler>(handlerFor: (isPlain: (parameters: Parameters) => boolean) => Handler) {
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

function isPlain(parameters: Parameters): boolean {
  return Object.values(parameters).every((segment) => !/^\.\.?$|[\\#]/.test(segment));
}
