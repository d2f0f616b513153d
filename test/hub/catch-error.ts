import { AppError } from "../../src/errors.ts";

/** The error a promise rejects with, which must be one of ours. */
export async function catchAppError(promise: Promise<unknown>): Promise<AppError> {
  const error = await promise.then(
    (value) => new Error(`resolved with ${JSON.stringify(value)}`),
    (reason: unknown) => reason,
  );
  if (error instanceof AppError) return error;
  throw error;
}
