import { AppError, type ErrorCode } from "../errors.ts";
import type { Answer, Fingerprint, Scope } from "../idempotency/idempotency-store.ts";
import type { Repeats, RunningAttempt } from "../idempotency/repeats.ts";
import { errorResponse } from "./error-responses.ts";

/** A request with an idempotency key: the client may send it again. */
export interface RepeatableRequest<T extends Response> {
  work(attempt: RunningAttempt): Promise<T>;
  /** The request's fingerprint. Called when the work has ended, with or without an error. */
  facts(): Fingerprint;
  /** Throws if the first response is no longer true, because the results that it names were removed. */
  refuseReplay(): Promise<void>;
  /** Returns the fingerprint of this request. Reads it only until it differs from the first request with the key. */
  compare(first: Fingerprint): Promise<Fingerprint>;
}

/** The first request with the key does the work. Every repeat gets the first one's response. */
export async function answerOnce<T extends Response>(
  repeats: Repeats,
  scope: Scope,
  request: RepeatableRequest<T>,
): Promise<T> {
  const begun = await repeats.begin(scope);
  if (begun.kind === "finished") {
    if (isOther(begun.fingerprint, await request.compare(begun.fingerprint))) throw keyReused();
    if (begun.answer.status < 300) await request.refuseReplay();
    // The stored response came from the same work, so it has the type T, or it is an error response.
    return replay(begun.answer) as T;
  }
  try {
    const response = await request.work(begun);
    await begun.finish(await answerOf(response), request.facts());
    return response;
  } catch (error) {
    if (isLasting(error)) await begun.finish(await answerOf(errorResponse(error)), request.facts());
    else await begun.giveUp(error);
    throw error;
  }
}

/** Errors that the client caused and that a repeat would cause again. Their responses are stored under the key. */
const lasting: readonly ErrorCode[] = ["invalid_input", "invalid_form", "not_found", "conflict", "too_large"];

export function isLasting(error: unknown): boolean {
  return error instanceof AppError && lasting.includes(error.code) && !error.mayPass && !error.uncertain;
}

/** Whether two fingerprints differ. A value that one of them lacks does not count. */
function isOther(first: Fingerprint, second: Fingerprint): boolean {
  const names = ["name", "fields", "bytes", "sha256"] as const;
  return names.some((name) => {
    return first[name] !== undefined && second[name] !== undefined && first[name] !== second[name];
  });
}

async function answerOf(response: Response): Promise<Answer> {
  return { status: response.status, body: response.body === null ? null : await response.clone().text() };
}

function replay({ status, body }: Answer): Response {
  const type = body === null ? undefined : { "Content-Type": "application/json" };
  return new Response(body, { status, headers: { ...type, "Idempotency-Replayed": "true" } });
}

/** This response is not stored, because the key belongs to the other request. */
function keyReused() {
  return new AppError("invalid_form", "This Idempotency-Key was used for another request.");
}
