import { parseParameters, readParameter } from "./header-parameters.ts";

/** What the header of a form's part says (RFC 7578 §4). */
export interface PartHeader {
  readonly name: string;
  /** Empty where it is given so: the part is meant as a file, which has not been chosen. */
  readonly filename: string | undefined;
  /** As it stands, parameters included. */
  readonly contentType: string | undefined;
}

/** Reads the lines between a boundary and a part's content; `undefined` if they are no header of a form's part. */
export function parsePartHeader(block: string): PartHeader | undefined {
  const fields = new Map<string, string>();
  // A long line may be folded (RFC 5322 §2.2.3).
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

/** The boundary of a multipart form, from a request's Content-Type; `undefined` if it is another type or has none that RFC 2046 allows. */
export function parseBoundary(contentType: string): string | undefined {
  const boundary = isMultipartForm(contentType) ? parseParameters(contentType).get("boundary") : undefined;
  return boundary !== undefined && /^[\x20-\x7e]{1,70}$/.test(boundary) ? boundary : undefined;
}
