import { Hono } from "hono";
import type { SandboxSeed } from "../seed.ts";
import { USER_ID } from "./resources.ts";
import { jsonResponse } from "./responses.ts";
import type { HubSessions, TokenPair } from "./sessions.ts";
import type { HubGeneration, HubState, Identity } from "./state.ts";

interface Deps {
  readonly generation: HubGeneration;
  readonly state: HubState;
  readonly sessions: HubSessions;
  readonly user: SandboxSeed["user"];
  readonly tokenLifeSeconds: number;
  readonly refreshLifeSeconds: number;
}

type Fields = Readonly<Record<string, unknown>>;
type Refusal = keyof typeof REFUSALS;

/** The refusals since 2026: status, code, message. */
const REFUSALS = {
  "wrong-password": [400, "invalid_credentials", "The user credentials are invalid."],
  "wrong-robot": [400, "invalid_credentials", "The robot credentials are invalid."],
  "wrong-client": [401, "invalid_client", "Client authentication failed"],
  "refresh-unknown": [400, "invalid_grant", "The refresh token is invalid."],
  "refresh-replayed": [400, "invalid_grant", "refresh token replay detected; session revoked"],
  "no-such-grant": [
    400,
    "unsupported_token_grant_type",
    "The authorization grant type is not supported by the authorization server",
  ],
} as const;

const INACTIVE_2025 = ["inactive_token", "The JWT is not active."] as const;

/** The refusals of a 2025 Hub: code, message. */
const REFUSALS_2025: Readonly<Record<Refusal, readonly [code: string, message: string]>> = {
  "wrong-password": ["invalid_credentials", "The user credentials are invalid."],
  "wrong-robot": ["invalid_credentials", "The robot credentials are invalid."],
  "wrong-client": ["invalid_credentials", "The client credentials are invalid."],
  "refresh-unknown": INACTIVE_2025,
  "refresh-replayed": INACTIVE_2025,
  "no-such-grant": ["unsupported_grant_type", "The grant type is not supported."],
};

/** POST /token with its grants. */
export function createHubAuth({ generation, state, sessions, user, ...lives }: Deps): Hono {
  const app = new Hono();

  function grant(fields: Fields): TokenPair | Refusal {
    switch (fields.grant_type) {
      case "password": {
        const right = fields.username === user.username && fields.password === user.password;
        return right ? sessions.start({ type: "user", id: USER_ID }, true) : "wrong-password";
      }
      case "refresh_token": {
        const renewed = sessions.refresh(String(fields.refresh_token));
        return typeof renewed === "string" ? `refresh-${renewed}` : renewed;
      }
      case "client_credentials": {
        const client = findClient(state, fields);
        return client === undefined ? "wrong-client" : sessions.start(client, false);
      }
      case "robot_credentials": {
        if (generation !== "2025") return "no-such-grant";
        const robot = findRobot(state, fields);
        return robot === undefined ? "wrong-robot" : sessions.start(robot, false);
      }
      default:
        return "no-such-grant";
    }
  }

  app.post("/token", async (context) => {
    const granted = grant(await readFields(context.req.raw));
    if (typeof granted === "string") return refusalResponse(generation, granted);
    const { accessToken, refreshToken } = granted;
    const refreshLife = generation === "2025" ? {} : { refresh_token_expires_in: lives.refreshLifeSeconds };
    return jsonResponse(generation, {
      access_token: accessToken,
      expires_in: lives.tokenLifeSeconds,
      token_type: "Bearer",
      scope: "global",
      ...(refreshToken === undefined ? {} : { refresh_token: refreshToken, ...refreshLife }),
    });
  });

  return app;
}

function findClient(state: HubState, fields: Fields): Identity | undefined {
  for (const node of state.nodes.values()) {
    if (node.clientId === fields.client_id && node.clientSecret === fields.client_secret) {
      return { type: "client", id: node.clientId };
    }
  }
  return undefined;
}

function findRobot(state: HubState, fields: Fields): Identity | undefined {
  for (const node of state.nodes.values()) {
    if (node.robotId === fields.id && node.robotSecret === fields.secret) return { type: "robot", id: node.robotId };
  }
  return undefined;
}

async function readFields(request: Request): Promise<Fields> {
  const text = await request.text();
  if (!request.headers.get("Content-Type")?.startsWith("application/json")) {
    return Object.fromEntries(new URLSearchParams(text));
  }
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? { ...value } : {};
  } catch {
    return {};
  }
}

function refusalResponse(generation: HubGeneration, refusal: Refusal): Response {
  if (generation === "2025") return refusalAnswer2025(refusal);
  const [status, code, message] = REFUSALS[refusal];
  const names = ["@ebec/core/BaseError", "@authup/errors/AuthupError"];
  if (code === "invalid_credentials") {
    const name = "EntityCredentialsInvalidError";
    return jsonResponse(
      generation,
      { name, message, code, "@instanceof": [...names, `@authup/errors/${name}`] },
      status,
    );
  }
  const [name, error, more] = oauthName(refusal, code);
  const kinds = [...names, "@authup/specs/OAuth2Error", `@authup/specs/${name}`];
  return jsonResponse(generation, { name, message, code, "@instanceof": kinds, error, ...more }, status);
}

function oauthName(refusal: Refusal, code: string): [name: string, error: string, more: object] {
  if (refusal === "wrong-client") return ["OAuth2ClientError", code, {}];
  if (refusal !== "no-such-grant") return ["OAuth2GrantError", code, {}];
  const hint = "Check that all required parameters have been provided";
  return ["OAuth2GrantTypeError", "unsupported_grant_type", { hint }];
}

function refusalAnswer2025(refusal: Refusal): Response {
  const [code, message] = REFUSALS_2025[refusal];
  const error = refusal === "no-such-grant" ? "unsupported_grant_type" : "invalid_request";
  return jsonResponse("2025", { statusCode: 400, code, message, error, error_description: message }, 400);
}
