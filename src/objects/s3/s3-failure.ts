import { AppError } from "../../errors.ts";
import { adviseOnTls } from "../../tls-failure.ts";
import { textOf } from "./xml.ts";

const fullCodes = new Set([
  "QuotaExceeded",
  "InsufficientStorage",
  "XMinioStorageFull",
  "XMinioAdminBucketQuotaExceeded",
]);

const remedies: Readonly<Record<string, string>> = {
  NoSuchBucket: "the bucket does not exist: create it, or correct its name",
  InvalidBucketName: "the store takes no such name: 3 to 63 lower-case letters, digits, dots and hyphens are safe",
  AccessDenied: "the access key may not do this: allow it to list, read, write and delete in the bucket",
  InvalidAccessKeyId: "the store does not know the access key: correct it",
  XAdminUserNotFound: "the store does not know the access key: correct it",
  SignatureDoesNotMatch: "the secret key is wrong, or a proxy in between changes requests",
  AuthorizationHeaderMalformed: "the region is wrong",
  PermanentRedirect: "the endpoint or the region is wrong",
  RequestTimeTooSkewed: "the clocks of this machine and the store differ: synchronise them",
  SlowDown: "the store is overloaded",
  IdleTimeout:
    "the store accepted the connection but moved no byte: look at its health and free space (a full Ceph cluster falls silent)",
  ConnectionRefused: "nothing listens at the endpoint: is the store running, are host and port right?",
  ECONNREFUSED: "nothing listens at the endpoint: is the store running, are host and port right?",
  ENOTFOUND: "the endpoint's host name is not known",
  EAI_AGAIN: "the endpoint's host name is not known",
  FailedToOpenSocket: "the endpoint cannot be reached: is its host name right?",
  ConnectionClosed: "the store broke off the connection",
  ECONNRESET: "the store broke off the connection",
  PreconditionFailed: "the object was replaced while it was read",
  XMinioInvalidObjectName: "the store cannot keep an object of this name",
  ObjectParentIsFile: "the store keeps objects as files, and one stands where this one needs a folder",
  NoSuchKey: "the object was removed while it was read",
  UnexpectedAnswer: "the answer is not that of an S3 store: is the endpoint right?",
  Forbidden: "the store refused without a reason: check access key, secret key and the key's permissions",
  UnknownError: "the store gave no reason: check access key, secret key and the store's log",
};

/** Turns an S3 error code (or a network error's) into what callers and operators need to know. */
export function s3Failure(action: string, code: string, cause: unknown = Object.assign(new Error(code), { code })) {
  const operatorDetail = `S3 ${action} failed with ${code}: ${adviseOn(code)}`;
  return fullCodes.has(code)
    ? new AppError("storage_full", "The object store is full", { operatorDetail, cause })
    : new AppError("object_store", "Unexpected error from object store", { operatorDetail, cause });
}

function adviseOn(code: string): string {
  if (fullCodes.has(code)) return "the store or the bucket's quota is full: make room, or let it grow";
  // A status alone: S3 stores send a code with all but answers to HEAD.
  const another = /^status [234]/.test(code) ? remedies.UnexpectedAnswer : undefined;
  return remedies[code] ?? adviseOnTls(code) ?? another ?? "see the store's log";
}

/** Wraps whatever a store call threw; an `AppError` stays as it is. */
export function asS3Failure(action: string, error: unknown): AppError {
  return error instanceof AppError ? error : s3Failure(action, codeOf(error), error);
}

/** The error code of an error response: the one in its XML body, or else one that the status gives. */
export function codeOfResponse(status: number, body: string): string {
  const code = textOf(body, "Code");
  if (code !== undefined && /^\w{1,64}$/.test(code)) return code;
  return { 403: "Forbidden", 501: "NotImplemented", 507: "InsufficientStorage" }[status] ?? `status ${status}`;
}

const lastingCodes =
  /^(?:InvalidAccessKeyId|XAdminUserNotFound|SignatureDoesNotMatch|AccessDenied|Forbidden|AuthorizationHeaderMalformed|PermanentRedirect|RequestTimeTooSkewed)$|CERT|UNABLE_TO_/;

/** Whether the store refuses us for a reason that waiting will not fix: keys, region, certificate or clock. */
export function isLastingS3Refusal(error: unknown): boolean {
  return lastingCodes.test(s3CodeOf(error));
}

/** The code that the store, or the network, gave for a failure. */
export function s3CodeOf(error: unknown): string {
  return codeOf(error instanceof AppError ? error.cause : error);
}

function codeOf(error: unknown): string {
  if (error instanceof Error && error.name === "TimeoutError") return "IdleTimeout";
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : "UnknownError";
}
