/** The content type if a header can carry it, else the type of unknown bytes. */
export function storableContentType(contentType: string): string {
  const trimmed = contentType.trim();
  return /^[\x20-\x7e]{1,255}$/.test(trimmed) ? trimmed : "application/octet-stream";
}

/** A `Content-Disposition` value that keeps any file name (RFC 6266, RFC 8187). */
export function formatDisposition(filename: string): string {
  const encoded = encodeURIComponent(filename.toWellFormed()).replace(/['()*]/g, percentEncode);
  return `attachment; filename*=UTF-8''${encoded}`;
}

/** The file name in a `Content-Disposition` value, also one written by other software; `undefined` if there is none. */
export function parseDisposition(disposition: string | null): string | undefined {
  if (disposition === null) return undefined;
  const extended = /;\s*filename\*\s*=\s*utf-8'[^']*'([^;\s]+)/i.exec(disposition)?.[1];
  const decoded = extended === undefined ? undefined : percentDecode(extended);
  if (decoded !== undefined) return decoded;
  const quoted = /;\s*filename\s*=\s*"((?:[^"\\]|\\.)*)"/i.exec(disposition)?.[1]?.replace(/\\(.)/g, "$1");
  const name = quoted ?? /;\s*filename\s*=\s*([^;\s"]+)/i.exec(disposition)?.[1];
  return name === "" ? undefined : name;
}

/** Percent-encodes all but the unreserved characters of RFC 3986, as S3 signatures demand. */
export function encodeStrictly(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, percentEncode);
}

function percentEncode(character: string): string {
  return `%${character.charCodeAt(0).toString(16).toUpperCase()}`;
}

function percentDecode(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
