import { type App, type AppDeps, createApp } from "./app.ts";
import type { Connection } from "./env.ts";
import { pathOf } from "./router.ts";

/** First segments of the paths that only the whole app has. */
const onDemand: ReadonlySet<string | undefined> = new Set(["operator", "docs", "openapi.json"]);

/**
 * Serves the HTTP interface. Its larger half, for operators and readers of the reference, is built at the first request
 * for it: its schemas took an eighth to a fifth of the start, and most nodes never need them.
 */
export function createServing(deps: AppDeps) {
  const app = createApp(deps);
  let whole: Promise<App> | undefined;
  const loadWhole = () => {
    whole ??= import("./whole-app.ts").then(({ createWholeApp }) => createWholeApp(deps));
    return whole;
  };
  return async (request: Request, connection: Connection): Promise<Response> => {
    const isOnDemand = onDemand.has(pathOf(request).split("/", 2)[1]);
    return (isOnDemand ? await loadWhole() : app).fetch(request, connection);
  };
}
