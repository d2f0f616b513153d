/** What the header of a form's part says (RFC 7578 §4). */
export interface PartHeader {
  readonly name: string;
  /** `undefined` when there is none or an empty one: the part is no file then. */
  readonly filename: string | undefined;
  /** As it stands, parameters included. */
  readonly contentType: string | undefined;
}

/** Reads the lines between a boundary and a part's content; `undefined` if they are no header of a form's part. */
export function parsePartHeader(block: string): PartHeader | undefined {
  const fields = new Map<string, string>();
  for (const line of block.split("\r\n")) {
    const colon = line.indexOf(":");
    if (colon < 1) return undefined;
    fields.set(line.slice(0, colon).trim().toLowerCase(), line.slice(colon + 1).trim());
  }
  const disposition = fields.get("content-disposition") ?? "";
  if (!/^form-data\s*(?:;|$)/i.test(disposition)) return undefined;
  const parameters = parseParameters(disposition);
  const name = parameters.get("name");
  if (name === undefined) return undefined;
  const filename = decodeExtended(parameters.get("filename*")) ?? parameters.get("filename");
  return { name, filename: filename === "" ? undefined : filename, contentType: fields.get("content-type") };
}

/** The boundary of a multipart form, from a request's Content-Type; `undefined` if it is another type or has none. */
export function parseBoundary(contentType: string): string | undefined {
  if (!/^multipart\/form-data\s*;/i.test(contentType)) return undefined;
  const boundary = parseParameters(contentType).get("boundary");
  return boundary !== undefined && /^[\x20-\x7e]{1,70}$/.test(boundary) ? boundary : undefined;
}

function parseParameters(value: string): Map<string, string> {
  const parameters = new Map<string, string>();
  for (const [, name = "", quoted, token] of value.matchAll(
    /;\s*([^\s=;"]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^;"]*))/gs,
  )) {
    // Browsers send backslashes of file names as they are, so only these two escapes of RFC 9110 §5.6.4 are undone.
    parameters.set(name.toLowerCase(), quoted?.replace(/\\(["\\])/g, "$1") ?? token?.trim() ?? "");
  }
  return parameters;
}

/** RFC 8187; form clients should not use it, but some do. */
function decodeExtended(value: string | undefined): string | undefined {
  const encoded = /^utf-8'[^']*'(.*)$/i.exec(value ?? "")?.[1];
  if (encoded === undefined) return undefined;
  try {
    return decodeURIComponent(encoded);
  } catch {
    return undefined;
  }
}
