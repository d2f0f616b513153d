import { parseDictionary, serializeDictionary } from "structured-headers";
import { AppError } from "../errors.ts";

/**
 * The SHA-256, in hex, of a digest as RFC 9530 writes it: `sha-256=:BASE64:`. `undefined` where it names other algorithms only.
 * Throws `invalid_input` for what is no digest.
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

/** The same the other way. */
export function formatDigest(sha256: string): string {
  return serializeDictionary({ "sha-256": Uint8Array.from(Buffer.from(sha256, "hex")) });
}

/** What arrived is not what was sent; the next time it may be. */
export function digestMismatch() {
  return new AppError("invalid_input", "The upload does not match its digest.", { mayPass: true });
}

function malformed() {
  return new AppError("invalid_input", "A digest must be written as `sha-256=:BASE64:`.");
}

/** The form's own; other algorithms are of no use there. */
export function parseFileDigest(text: string | undefined): string | undefined {
  if (text === undefined || text === "") return undefined;
  const sha256 = parseDigest(text);
  if (sha256 === undefined) throw malformed();
  return sha256;
}
