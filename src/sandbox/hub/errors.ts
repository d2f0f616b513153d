import type { TokenRefusal } from "./sessions.ts";
import type { HubGeneration } from "./state.ts";

/**
 * The release of the sign-in service behind a 2026 Hub: it decides how a rejection is worded. `away`: the service does
 * not respond.
 */
export type Authup = "beta.62" | "beta.63" | "away";

/** What went wrong. Every generation of the Hub reports it in another form. */
export type HubProblem =
  | { readonly kind: "no-token" }
  | { readonly kind: "token-rejected"; readonly refusal: TokenRefusal; readonly authup: Authup }
  | { readonly kind: "not-found"; readonly what: string }
  | { readonly kind: "bad-uuid"; readonly value: string }
  | { readonly kind: "bad-filter" }
  | { readonly kind: "bad-body"; readonly field: string }
  | { readonly kind: "duplicate" }
  | { readonly kind: "name-too-long" }
  | { readonly kind: "not-multipart" }
  | { readonly kind: "not-permitted"; readonly permission: string };

/** Thrown by the routes; `problemResponse` turns it into a response. */
export class HubProblemError extends Error {
  override readonly name = "HubProblemError";
  readonly problem: HubProblem;

  constructor(problem: HubProblem) {
    super(problem.kind);
    this.problem = problem;
  }
}

interface ErrorAnswer {
  readonly status: number;
  readonly code: string;
  readonly message: string;
  readonly issues?: readonly unknown[];
}

const INTERNAL_2025 = "An internal server error occurred.";

export function problemResponse(generation: HubGeneration, problem: HubProblem): { status: number; body: object } {
  const { status, ...rest } = generation === "2025" ? answer2025(problem) : answer2026(generation, problem);
  const issues = generation === "2026" ? { issues: rest.issues ?? [] } : {};
  return { status, body: { statusCode: status, code: rest.code, message: rest.message, ...issues } };
}

function answer2025(problem: HubProblem): ErrorAnswer {
  switch (problem.kind) {
    case "no-token":
      return { status: 401, code: "UNAUTHORIZED", message: "" };
    case "token-rejected":
      return rejection2025(problem.refusal);
    case "not-found":
      return { status: 404, code: "NOT_FOUND", message: "" };
    case "bad-uuid":
      return { status: 500, code: "22P02", message: INTERNAL_2025 };
    case "bad-filter":
      return { status: 500, code: "42803", message: INTERNAL_2025 };
    case "bad-body":
      return { status: 400, code: "BAD_REQUEST", message: `The attribute ${problem.field} is invalid.` };
    case "duplicate":
      return { status: 500, code: "23505", message: INTERNAL_2025 };
    case "name-too-long":
      return { status: 500, code: "22001", message: INTERNAL_2025 };
    case "not-multipart":
      return { status: 500, code: "undefined", message: INTERNAL_2025 };
    case "not-permitted":
      return {
        status: 403,
        code: "permission_not_found",
        message: `The permission ${problem.permission} was not found.`,
      };
  }
}

function rejection2025(refusal: TokenRefusal): ErrorAnswer {
  const codes = { damaged: "invalid_token", expired: "expired_token", "unknown-key": "jwk_not_found" } as const;
  const messages = { ...rejections, damaged: "The token payload is invalid." };
  return { status: 400, code: codes[refusal], message: messages[refusal] };
}

const rejections: Readonly<Record<TokenRefusal, string>> = {
  damaged: "The token payload is invalid.",
  expired: "The JWT has expired.",
  "unknown-key": "The JWK 6f1c7c1e-5d0b-4c1e-9a53-0d5ad0c1f3a7 could not be found.",
};

function rejection2026({ refusal, authup }: HubProblem & { kind: "token-rejected" }): string {
  if (authup === "away") return "fetch failed (POST http://authup:3000/token/introspect)";
  return authup === "beta.63" ? "The JWT is not active." : rejections[refusal];
}

function answer2026(generation: HubGeneration, problem: HubProblem): ErrorAnswer {
  switch (problem.kind) {
    case "no-token":
      return { status: 401, code: "identity_unauthorized", message: "Authentication required." };
    case "token-rejected":
      return generation === "2026"
        ? { status: 500, code: "internal_error", message: rejection2026(problem) }
        : { status: 401, code: "invalid_token", message: "The token payload is invalid." };
    case "not-found":
      return { status: 404, code: "entity_not_found", message: `The ${problem.what} was not found.` };
    case "bad-uuid":
      return {
        status: 500,
        code: "internal_error",
        message: `invalid input syntax for type uuid: ${JSON.stringify(problem.value)}`,
      };
    case "bad-body":
      return { status: 400, code: "bad_request", message: `The attribute ${problem.field} is invalid.` };
    case "not-multipart":
      return { status: 400, code: "bad_request", message: "A multipart content-type header is required." };
    case "bad-filter":
    case "duplicate":
    case "name-too-long":
      return { status: 500, code: "internal_error", message: "An internal error occurred." };
    case "not-permitted":
      return notPermitted2026(generation, problem.permission);
  }
}

function notPermitted2026(generation: HubGeneration, permission: string): ErrorAnswer {
  if (generation === "2026-snake") {
    return { status: 403, code: "permission_not_found", message: `The permission ${permission} was not found.` };
  }
  return {
    status: 400,
    code: "bad_request",
    message: `The evaluation of permissions ${permission} failed`,
    issues: [
      {
        type: "item",
        code: "permission_not_found",
        message: `The ${permission} permission could not be resolved`,
        path: [permission],
      },
    ],
  };
}
