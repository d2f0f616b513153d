/** A `Content-Disposition` value that keeps any file name (RFC 6266, RFC 8187). */
export function formatDisposition(filename: string): string {
  return `attachment; filename*=${encodeExtended(filename)}`;
}

/** The file name in a `Content-Disposition` value, in any form that other software writes; `undefined` without a name. */
export function parseDisposition(disposition: string | null): string | undefined {
  if (disposition === null) return undefined;
  const extended = /;\s*filename\*\s*=\s*utf-8'[^']*'([^;\s]+)/i.exec(disposition)?.[1];
  const decoded = extended === undefined ? undefined : percentDecode(extended);
  if (decoded !== undefined) return decoded;
  const quoted = /;\s*filename\s*=\s*"((?:[^"\\]|\\.)*)"/i.exec(disposition)?.[1]?.replace(/\\(.)/g, "$1");
  const name = quoted ?? /;\s*filename\s*=\s*([^;\s"]+)/i.exec(disposition)?.[1];
  return name === "" ? undefined : name;
}

/** Encodes text as the value of an extended parameter in ASCII (RFC 8187 §3.2). A lone surrogate becomes U+FFFD. */
export function encodeExtended(text: string): string {
  const encoded = encodeURIComponent(text.toWellFormed());
  return `UTF-8''${encoded.replace(/['()*]/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`)}`;
}

function percentDecode(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
