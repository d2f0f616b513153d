import { AppError } from "../errors.ts";
import type { CallResponse } from "./transport/response.ts";

const MAX_DETAIL_CHARACTERS = 300;

/**
 * The error for an answer that has no place in the conversation; `request` names it for operators. Advice is for a sign-in
 * that failed.
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
 * Whether the Hub itself said that the thing does not exist. Any other 404, say of an ingress or of a wrong base URL, proves
 * nothing about it.
 */
export function isNotFound({ status, body }: CallResponse): boolean {
  return status === 404 && /^(entity_)?not_?found$/i.test(readText(body, "code"));
}

/** Whether the Hub complains about the token: a rejected one shows as 401, but also as 400 or 500. */
export function isTokenRejected({ status, body }: CallResponse): boolean {
  if (status === 401) return true;
  return (status === 400 || status === 500) && /token/i.test(`${readText(body, "code")} ${readText(body, "message")}`);
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
