/** What is wrong with one field of a form, or with the form as a whole where no field is named. */
export interface FieldProblem {
  readonly field?: string;
  readonly problem: string;
  readonly message: string;
  readonly input?: string;
}

/**
 * Everything that can go wrong for a reason we know. The table from code to HTTP status is in `http/error-responses.ts`;
 * whatever is not an `AppError` is a bug and answered as an opaque 500.
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
  /** For `invalid_form`: everything that is wrong, so that one answer tells it all. */
  readonly problems?: readonly FieldProblem[];
  /** For operators only; goes to the log, never to a client. */
  readonly operatorDetail?: string;
  /** What the log says instead of the public message, which repeats a file's name. */
  readonly loggedAs?: string;
  /** What the Hub answered, for `hub_unexpected`. */
  readonly upstream?: UpstreamResponse;
  /** The same request may do better another time, although the code says that it is at fault. */
  readonly mayPass?: boolean;
  /** The connection was lost while a write was being committed: it may have happened all the same. */
  readonly uncertain?: boolean;
}

export interface UpstreamResponse {
  readonly status: number;
  /** From `Retry-After`, where the Hub sent one. */
  readonly retryAfterMs?: number;
  /** The answer is about our sign-in or token, so it says nothing about what was asked for. */
  readonly isAboutSignIn?: boolean;
  /** The answer is not in the Hub's own form: something on the way to it may have given it. */
  readonly isForeign?: boolean;
}

/** An expected failure: `message` is public and part of the HTTP contract, the cause and `operatorDetail` are not. */
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

/** An error that nobody has foreseen, with where it came from. */
export function traceOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

/** An error in one line, for a log or an operator; never what only the client may see, such as a file's name. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof AppError)) return error instanceof Error ? error.message : String(error);
  if (error.operatorDetail !== undefined) return error.operatorDetail;
  return error.cause === undefined ? error.loggedAs : `${error.loggedAs}: ${reasonOf(error.cause)}`;
}
