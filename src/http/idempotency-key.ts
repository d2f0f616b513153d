import { parseItem } from "structured-headers";
import { AppError } from "../errors.ts";

const maxCharacters = 255;

/**
 * Reads the request's `Idempotency-Key`: a quoted string of structured fields (RFC 9651 §3.3.3), or the text without
 * quotes, as most clients write it. Throws `invalid_input` for anything else.
 */
export function readIdempotencyKey({ headers }: Pick<Request, "headers">): string | undefined {
  const header = headers.get("idempotency-key");
  if (header === null) return undefined;
  const key = header.startsWith('"') ? readQuoted(header) : readBare(header);
  if (key !== undefined && key.length >= 1 && key.length <= maxCharacters) return key;
  const problem = `The Idempotency-Key must have 1 to ${maxCharacters} printable ASCII characters, with or without quotes.`;
  throw new AppError("invalid_input", problem);
}

function readQuoted(header: string): string | undefined {
  try {
    const [value] = parseItem(header);
    return typeof value === "string" ? value : undefined;
  } catch {
    return undefined;
  }
}

/** Refuses commas and blanks: HTTP joins two headers of one name with them. */
function readBare(header: string): string | undefined {
  return /^[\x21\x23-\x2b\x2d-\x7e]+$/.test(header) ? header : undefined;
}
