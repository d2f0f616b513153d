import { AppError, type ErrorCode } from "../errors.ts";
import type { Answer, Fingerprint, Scope } from "../idempotency/idempotency-store.ts";
import type { Repeats, RunningAttempt } from "../idempotency/repeats.ts";
import { errorResponse } from "./error-responses.ts";

/** A request that may be sent again. */
export interface RepeatableRequest<T extends Response> {
  work(attempt: RunningAttempt): Promise<T>;
  /** What is known of the request when the work has ended, in whichever way. */
  facts(): Fingerprint;
  /** Throws where what was told the first time is not so any more. */
  refuseReplay(): Promise<void>;
  /** Reads no more of the request than it takes to tell it from the one that had the key. */
  compare(first: Fingerprint): Promise<Fingerprint>;
}

/** Has the work done by the first request with the key, and gives every other one the first one's answer. */
export async function answerOnce<T extends Response>(
  repeats: Repeats,
  scope: Scope,
  request: RepeatableRequest<T>,
): Promise<T> {
  const begun = await repeats.begin(scope);
  if (begun.kind === "finished") {
    if (isOther(begun.fingerprint, await request.compare(begun.fingerprint))) throw keyReused();
    if (begun.answer.status < 300) await request.refuseReplay();
    // It is what the work has given, or an error, which every route may answer.
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

/** What the client itself has done wrong, and will have done wrong the next time. */
const lasting: readonly ErrorCode[] = ["invalid_input", "invalid_form", "not_found", "conflict", "too_large"];

export function isLasting(error: unknown): boolean {
  return error instanceof AppError && lasting.includes(error.code) && !error.mayPass && !error.uncertain;
}

/** What either does not know cannot tell them apart. */
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

/** Not kept: the key belongs to the other request. */
function keyReused() {
  return new AppError("invalid_form", "This Idempotency-Key was used for another request.");
}
