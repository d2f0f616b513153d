import { OpenAPIHono } from "@hono/zod-openapi";
import { getPathNoStrict } from "hono/utils/url";
import type { AppEnv } from "./env.ts";
import { detailResponse, type WireProblem } from "./error-responses.ts";

/** Limits the response to a long list in which every item is wrong. */
const maxProblems = 100;

/** A router that responds to failed validation in the form of the Python services. */
export function createRouter() {
  return new OpenAPIHono<AppEnv>({
    getPath: pathOf,
    defaultHook: (result, c) => {
      if (result.success) return undefined;
      const place = placeOf[result.target] ?? result.target;
      const json = "data" in result ? result.data : undefined;
      const sent = place === "body" ? json : place === "path" ? c.req.param() : c.req.query();
      const problems = result.error.issues.slice(0, maxProblems).map((issue): WireProblem => {
        const [loc, value] = [[place, ...names(issue.path)], valueAt(sent, issue.path)];
        if (value === undefined) return { type: "missing", loc, msg: "Field required", input: null };
        const type = issue.code === "custom" ? String(issue.params?.type ?? "value_error") : issue.code;
        const input = typeof value === "string" || value === null ? value : JSON.stringify(value);
        return { type, loc, msg: issue.message, input };
      });
      return detailResponse(422, problems);
    },
  });
}

/**
 * The path without a slash at the end and without the prefix `/storage`. A node's proxy strips this prefix; without a
 * proxy, clients send it to the service. Bun leaves a request's URL relative if its Host is missing or invalid.
 */
export function pathOf(request: Request): string {
  const path = getPathNoStrict(request.url.startsWith("/") ? new Request(`http://localhost${request.url}`) : request);
  return path.replace(/^\/storage(?=\/|$)/, "") || "/";
}

/** Names of the places in `loc`, as the Python services wrote them. */
const placeOf: Readonly<Record<string, string>> = { param: "path", json: "body" };

function valueAt(sent: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>((value, name) => {
    const isKnown = typeof value === "object" && value !== null && Object.hasOwn(value, name);
    return isKnown ? (value as Readonly<Record<PropertyKey, unknown>>)[name] : undefined;
  }, sent);
}

function names(path: readonly PropertyKey[]): string[] {
  return path.map(String);
}
