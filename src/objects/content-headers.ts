/** The content type if a header can carry it, else the type of unknown bytes. */
export function storableContentType(contentType: string): string {
  const trimmed = contentType.trim();
  return /^[\x20-\x7e]{1,255}$/.test(trimmed) ? trimmed : "application/octet-stream";
}

/** Percent-encodes all but the unreserved characters of RFC 3986, as S3 signatures demand. */
export function encodeStrictly(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`);
}
