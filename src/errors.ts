/** What is wrong with one field of a form. Without `field` it is about the whole form. */
export interface FieldProblem {
  readonly field?: string;
  readonly problem: string;
  readonly message: string;
  readonly input?: string;
}

/**
 * Every failure that the service expects. `http/error-responses.ts` maps each code to an HTTP status. Any error that is
 * not an `AppError` is a bug: the client gets a 500 without details.
 */
export type ErrorCode =
  | "not_authenticated"
  | "token_rejected"
  | "auth_provider_unavailable"
  | "forbidden"
  | "invalid_input"
  | "invalid_form"
  | "not_found"
  | "conflict"
  | "changed"
  | "too_large"
  | "unsupported_coding"
  | "client_too_slow"
  | "client_gone"
  | "too_many_requests"
  | "hub_unexpected"
  | "hub_unreachable"
  | "hub_timeout"
  | "object_store"
  | "storage_full"
  | "over_quota"
  | "database"
  | "shutting_down";

export interface AppErrorOptions {
  readonly cause?: unknown;
  /** For `invalid_form`: all problems, so that one response names them all. */
  readonly problems?: readonly FieldProblem[];
  /** For operators only. It goes to the log, never to a client. */
  readonly operatorDetail?: string;
  /** The log says this where the public message contains a file's name. */
  readonly loggedAs?: string;
  /** What the Hub answered, for `hub_unexpected`. */
  readonly upstream?: UpstreamResponse;
  /** The same request may succeed later, although the code blames the request. */
  readonly mayPass?: boolean;
  /** The connection broke during a commit: the write may have happened. */
  readonly uncertain?: boolean;
}

export interface UpstreamResponse {
  readonly status: number;
  /** From `Retry-After`, if the Hub sent it. */
  readonly retryAfterMs?: number;
  /** The response is about our sign-in or token, so it says nothing about the requested resource. */
  readonly isAboutSignIn?: boolean;
  /** The response does not have the Hub's own format: a proxy on the way may have sent it. */
  readonly isForeign?: boolean;
}

/** An expected failure. `message` is public and part of the HTTP contract; the cause and `operatorDetail` are not. */
export class AppError extends Error {
  override readonly name = "AppError";
  readonly code: ErrorCode;
  readonly problems: readonly FieldProblem[] | undefined;
  readonly operatorDetail: string | undefined;
  readonly loggedAs: string;
  readonly upstream: UpstreamResponse | undefined;
  readonly mayPass: boolean;
  readonly uncertain: boolean;

  constructor(code: ErrorCode, publicMessage: string, options: AppErrorOptions = {}) {
    super(publicMessage, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.problems = options.problems;
    this.operatorDetail = options.operatorDetail;
    this.loggedAs = options.loggedAs ?? publicMessage;
    this.upstream = options.upstream;
    this.mayPass = options.mayPass ?? false;
    this.uncertain = options.uncertain ?? false;
  }
}

/** An `invalid_form` about a single field. */
export function fieldProblem(problem: FieldProblem, options: Pick<AppErrorOptions, "mayPass"> = {}): AppError {
  return new AppError("invalid_form", problem.message, { problems: [problem], ...options });
}

/** The stack of an unexpected error, or its text. */
export function traceOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

/** An error in one line, for a log or an operator. Leaves out what only the client may see, such as a file name. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof AppError)) return withoutHint(error instanceof Error ? error.message : String(error));
  if (error.operatorDetail !== undefined) return error.operatorDetail;
  return error.cause === undefined ? error.loggedAs : `${error.loggedAs}: ${reasonOf(error.cause)}`;
}

/** Leaves out what the runtime says to programmers about its `fetch`, which no operator can follow. */
export function withoutHint(message: string): string {
  return message.replace(/\s*For more information, pass `verbose: true`.*$/s, "");
}
