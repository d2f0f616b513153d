import { parseParameters, readParameter } from "./header-parameters.ts";

/** The header of a form's part (RFC 7578 §4). */
export interface PartHeader {
  readonly name: string;
  /** `undefined` for a text part. Empty if the header has an empty name: the user chose no file. */
  readonly filename: string | undefined;
  /** Unchanged, with its parameters. */
  readonly contentType: string | undefined;
}

/** Reads the header lines of a part; `undefined` if they have no `Content-Disposition: form-data` with a name. */
export function parsePartHeader(block: string): PartHeader | undefined {
  const fields = new Map<string, string>();
  // Join folded lines (RFC 5322 §2.2.3).
  for (const line of block.replace(/\r\n(?=[ \t])/g, "").split("\r\n")) {
    const colon = line.indexOf(":");
    if (colon < 1) return undefined;
    fields.set(line.slice(0, colon).trim().toLowerCase(), line.slice(colon + 1).trim());
  }
  const disposition = fields.get("content-disposition") ?? "";
  if (!/^form-data\s*(?:;|$)/i.test(disposition)) return undefined;
  const parameters = parseParameters(disposition);
  const name = readParameter(parameters, "name");
  if (name === undefined) return undefined;
  const filename = readParameter(parameters, "filename");
  return { name, filename, contentType: fields.get("content-type") };
}

/** Whether a request's Content-Type says that its body is a form of parts. */
export function isMultipartForm(contentType: string): boolean {
  return /^\s*multipart\/form-data\s*(?:;|$)/i.test(contentType);
}

/**
 * Reads the boundary of a multipart form from a request's Content-Type. `undefined` for another type or for a boundary
 * that RFC 2046 does not allow.
 */
export function parseBoundary(contentType: string): string | undefined {
  const boundary = isMultipartForm(contentType) ? parseParameters(contentType).get("boundary") : undefined;
  return boundary !== undefined && /^[\x20-\x7e]{1,70}$/.test(boundary) ? boundary : undefined;
}
