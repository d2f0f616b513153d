import { OpenAPIHono } from "@hono/zod-openapi";
import { getPathNoStrict } from "hono/utils/url";
import type { AppEnv } from "./env.ts";
import { detailResponse, type WireProblem } from "./error-responses.ts";

/** A router that answers failed validation the way the Python services did. */
export function createRouter() {
  return new OpenAPIHono<AppEnv>({
    getPath: pathOf,
    defaultHook: (result, c) => {
      if (result.success) return undefined;
      const place = placeOf[result.target] ?? result.target;
      const values: Record<string, string> = place === "path" ? c.req.param() : c.req.query();
      const problems = result.error.issues.map((issue): WireProblem => {
        const input = values[String(issue.path[0])] ?? null;
        if (input === null)
          return { type: "missing", loc: [place, ...names(issue.path)], msg: "Field required", input };
        const type = issue.code === "custom" ? String(issue.params?.type) : issue.code;
        return { type, loc: [place, ...names(issue.path)], msg: issue.message, input };
      });
      return detailResponse(422, problems);
    },
  });
}

/**
 * Without a slash at the end, and without the prefix that a node's proxy strips: where there is none, clients send it. Bun
 * leaves the url of a request relative when its Host is missing or no host name.
 */
function pathOf(request: Request): string {
  const path = getPathNoStrict(request.url.startsWith("/") ? new Request(`http://localhost${request.url}`) : request);
  return path.replace(/^\/storage(?=\/|$)/, "") || "/";
}

/** What the Python services called them. */
const placeOf: Readonly<Record<string, string>> = { param: "path", json: "body" };

function names(path: readonly PropertyKey[]): string[] {
  return path.map(String);
}
