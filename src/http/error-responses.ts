import type { ErrorCode } from "../errors.ts";
import { AppError, type FieldProblem, reasonOf, traceOf, withoutHint } from "../errors.ts";

/** One entry of a 422 response, in the form that clients of the Python services parse. */
export interface WireProblem {
  readonly type: string;
  readonly loc: readonly (string | number)[];
  readonly msg: string;
  readonly input: unknown;
}

/** The HTTP status of every error code. 500 and above means that an operator has to act. */
export const statusOf = {
  not_authenticated: 401,
  token_rejected: 403,
  auth_provider_unavailable: 502,
  forbidden: 403,
  invalid_input: 400,
  invalid_form: 422,
  not_found: 404,
  conflict: 409,
  changed: 412,
  too_large: 413,
  unsupported_coding: 415,
  client_too_slow: 408,
  client_gone: 400,
  too_many_requests: 429,
  hub_unexpected: 502,
  hub_unreachable: 502,
  hub_timeout: 504,
  object_store: 502,
  storage_full: 507,
  over_quota: 507,
  database: 503,
  shutting_down: 503,
} as const satisfies Record<ErrorCode, number>;

export type ErrorStatus = (typeof statusOf)[ErrorCode] | 404 | 405 | 412 | 415 | 416 | 422 | 431 | 500;

/** The body of every error response. */
export interface ErrorBody {
  readonly detail: string | readonly WireProblem[];
}

/** The response to an error. An error that is no `AppError` becomes a 500 without details. */
export function errorResponse(error: unknown): Response {
  if (!(error instanceof AppError)) return detailResponse(500, "Internal Server Error");
  return detailResponse(statusOf[error.code], error.problems?.map(wireProblem) ?? error.message, challengeFor(error));
}

function wireProblem({ field, problem, message, input }: FieldProblem): WireProblem {
  return { type: problem, loc: field === undefined ? ["body"] : ["body", field], msg: message, input: input ?? null };
}

export function detailResponse(
  status: ErrorStatus,
  detail: ErrorBody["detail"],
  headers: Record<string, string> = {},
): Response {
  return Response.json({ detail } satisfies ErrorBody, { status, headers });
}

/** A message may contain text from the client, so the log cuts it here. */
const maxLoggedCharacters = 500;

/** The log fields of an error: its public text, the reason for operators, and its cause. */
export function describeError(error: unknown): Record<string, unknown> {
  if (!(error instanceof AppError)) return { error: traceOf(error) };
  return {
    code: error.code,
    error: error.loggedAs.slice(0, maxLoggedCharacters),
    ...(error.operatorDetail === undefined ? {} : { reason: error.operatorDetail }),
    ...(error.cause === undefined ? {} : { cause: describeCause(error.cause) }),
  };
}

/** The text of an AppError is for the client and leaves out the cause; its reason is for the log. */
function describeCause(cause: unknown): string {
  return cause instanceof AppError ? reasonOf(cause) : withoutHint(String(cause));
}

/**
 * Extra headers: `WWW-Authenticate` (RFC 6750 §3) for a missing or refused token, `Retry-After` for too many requests.
 */
function challengeFor(error: AppError): Record<string, string> {
  if (error.code === "not_authenticated") return { "WWW-Authenticate": "Bearer" };
  if (error.code === "too_many_requests") return { "Retry-After": "60" };
  if (error.code !== "token_rejected") return {};
  const reason = (error.operatorDetail ?? error.message).replace(/["\\]/g, "'").replace(/[^\x20-\x7e]/g, "?");
  return { "WWW-Authenticate": `Bearer error="invalid_token", error_description="${reason}"` };
}
