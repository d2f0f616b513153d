import { parseDictionary, serializeDictionary } from "structured-headers";
import { AppError } from "../errors.ts";

/**
 * Reads a digest in the notation of RFC 9530, `sha-256=:BASE64:`, and returns the SHA-256 in hex. `undefined` if it
 * names other algorithms only. Throws `invalid_input` if it is malformed.
 */
export function parseDigest(text: string): string | undefined {
  const value = readSha256(text);
  if (value === undefined) return undefined;
  const bytes = value instanceof ArrayBuffer ? Buffer.from(value) : undefined;
  if (bytes?.byteLength === 32) return bytes.toString("hex");
  throw malformed();
}

function readSha256(text: string): unknown {
  try {
    return parseDictionary(text).get("sha-256")?.[0];
  } catch {
    throw malformed();
  }
}

/** Writes a SHA-256 (hex) in the notation of RFC 9530. */
export function formatDigest(sha256: string): string {
  return serializeDictionary({ "sha-256": Uint8Array.from(Buffer.from(sha256, "hex")) });
}

/**
 * The received bytes are not those that were sent. A repeat may pass, so the error is not stored under an idempotency
 * key.
 */
export function digestMismatch() {
  return new AppError("invalid_input", "The upload does not match its digest.", { mayPass: true });
}

function malformed() {
  return new AppError("invalid_input", "A digest must be written as `sha-256=:BASE64:`.");
}

/**
 * Reads the form field `digest`. Throws `invalid_input` if it has no SHA-256: other algorithms are not supported there.
 */
export function parseFileDigest(text: string | undefined): string | undefined {
  if (text === undefined || text === "") return undefined;
  const sha256 = parseDigest(text);
  if (sha256 === undefined) throw malformed();
  return sha256;
}
