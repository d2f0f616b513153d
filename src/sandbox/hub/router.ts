import { Hono } from "hono";
import type { SandboxSeed } from "../seed.ts";
import { createHubAuth } from "./auth.ts";
import type { HubContents } from "./content.ts";
import { createHubCore, type HubEnv } from "./core.ts";
import { type Authup, HubProblemError, problemResponse } from "./errors.ts";
import { jsonResponse } from "./responses.ts";
import type { HubSessions } from "./sessions.ts";
import type { HubGeneration, HubState, Identity } from "./state.ts";
import { createHubStorage } from "./storage.ts";

interface Deps {
  readonly generation: HubGeneration;
  readonly state: HubState;
  readonly contents: HubContents;
  readonly sessions: HubSessions;
  readonly user: SandboxSeed["user"];
  readonly tokenLifeSeconds: number;
  readonly refreshLifeSeconds: number;
  readonly now: () => number;
  readonly authup: () => Authup;
}

export type HubRouter = (request: Request, uploadFault: HubEnv["Bindings"]["uploadFault"]) => Promise<Response>;

/** Auth accepts every request; core and storage refuse a request without a valid token. */
export function createHubRouter(deps: Deps): HubRouter {
  const { generation, sessions } = deps;
  const auth = new Hono().route("/auth", createHubAuth(deps));
  const services = new Hono<HubEnv>({ strict: false })
    .route("/core", createHubCore(deps))
    .route("/storage", createHubStorage(deps))
    // A real Hub's response for an unknown route has no code.
    .notFound(() => jsonResponse(generation, { statusCode: 404, message: "Not Found" }, 404))
    .onError(failure);

  /** Any other error is a bug of the stand-in and must be seen. */
  function failure(error: unknown): Response {
    if (!(error instanceof HubProblemError)) throw error;
    const { status, body } = problemResponse(generation, error.problem);
    return jsonResponse(generation, body, status);
  }

  function identify(request: Request): Identity {
    const token = /^Bearer (.+)$/i.exec(request.headers.get("Authorization") ?? "")?.[1];
    if (token === undefined) throw new HubProblemError({ kind: "no-token" });
    const found = sessions.identify(token);
    const authup = deps.authup();
    if (typeof found !== "string" && authup !== "away") return found;
    const refusal = typeof found === "string" ? found : "damaged";
    throw new HubProblemError({ kind: "token-rejected", refusal, authup });
  }

  return async (request, uploadFault) => {
    if (new URL(request.url).pathname.startsWith("/auth/")) return withRateLimit(await auth.fetch(request), undefined);
    let identity: Identity;
    try {
      identity = identify(request);
    } catch (error) {
      return withRateLimit(failure(error), undefined);
    }
    return withRateLimit(await services.fetch(request, { identity, uploadFault }), identity);
  };
}

function withRateLimit(response: Response, identity: Identity | undefined): Response {
  const limit = identity === undefined ? 1200 : identity.type === "user" ? 6000 : 60000;
  response.headers.set("RateLimit-Limit", String(limit));
  return response;
}
