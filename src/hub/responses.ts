import { AppError } from "../errors.ts";
import type { CallResponse } from "./transport/response.ts";

const MAX_DETAIL_CHARACTERS = 300;

/**
 * The error for an unexpected response; `request` names the request for operators. `advice` is for a failed sign-in.
 */
export function unexpectedResponse(response: CallResponse, request: string, advice = ""): AppError {
  const { status, retryAfterMs } = response;
  return new AppError("hub_unexpected", `Hub returned an unexpected response (${status})`, {
    upstream: {
      status,
      ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
      ...(advice !== "" || isTokenRejected(response) ? { isAboutSignIn: true } : {}),
      ...(readText(response.body, "code") === "" ? { isForeign: true } : {}),
    },
    operatorDetail: [request, `answered ${status}`, describeBody(response.body), advice]
      .filter((text) => text !== "")
      .join("; "),
  });
}

export function isSuccess({ status }: CallResponse): boolean {
  return status >= 200 && status < 300;
}

/**
 * Whether the Hub itself says that the thing does not exist. Any other 404, such as that of an ingress or of a wrong
 * base URL, proves nothing about it.
 */
export function isNotFound({ status, body }: CallResponse): boolean {
  return status === 404 && /^(entity_)?not_?found$/i.test(readText(body, "code"));
}

/**
 * Whether the Hub rejects the token. It does so with 401, but also with a 400 or 500 that mentions a token, a JWT or a
 * JWK. A Hub that could not ask its own sign-in service about the token has said nothing about it.
 */
export function isTokenRejected(response: CallResponse): boolean {
  const { status } = response;
  if (status === 401) return true;
  return (status === 400 || status === 500) && !isFetchFailure(response) && /token|jw[tk]/i.test(wordsOf(response));
}

/** Codes of a 400 that is about the request and not about its sender. */
const requestCodes = /^(?:bad_?request|validation\w*|entity_\w+|permission\w*)$/i;

/** Whether the token may be the reason for an unclear error: Hub releases have changed their wording more than once. */
export function isUnexplained(response: CallResponse): boolean {
  const { status, body } = response;
  if (isFetchFailure(response)) return false;
  const code = readText(body, "code");
  return status === 500 ? code !== "" : status === 400 && code !== "" && !requestCodes.test(code);
}

function isFetchFailure(response: CallResponse): boolean {
  return /fetch failed|introspect/i.test(wordsOf(response));
}

function wordsOf({ body }: CallResponse): string {
  return `${readText(body, "code")} ${readText(body, "message")}`;
}

function describeBody(body: unknown): string {
  if (body === undefined) return "with no JSON";
  return `${readText(body, "code")} ${readText(body, "message")}`.trim().slice(0, MAX_DETAIL_CHARACTERS);
}

function readText(body: unknown, key: string): string {
  if (typeof body !== "object" || body === null) return "";
  const value: unknown = Reflect.get(body, key);
  return typeof value === "string" ? value : "";
}
