import { AppError } from "../errors.ts";

/** An error in one line for an operator. */
export function explainError(error: unknown): string {
  if (error instanceof AppError) return error.operatorDetail ?? `${error.message}${causeOf(error)}`;
  return error instanceof Error ? error.message : String(error);
}

function causeOf({ cause }: AppError): string {
  if (cause === undefined) return "";
  return `: ${cause instanceof Error ? cause.message : String(cause)}`;
}
