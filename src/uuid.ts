const uuidForms = /^(?:urn:uuid:)?(?:\{([^{}]*)\}|([^{}]*))$/i;
const hexDigits = /^[0-9a-f]{32}$/;
const canonical = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/**
 * The canonical form of a UUID in lower case (RFC 9562 §4). The text may be in any case, with or without hyphens, in
 * braces or start with `urn:uuid:`. Returns `undefined` for anything else.
 */
export function parseUuid(text: string): string | undefined {
  const match = text.length > 64 ? null : uuidForms.exec(text);
  const body = (match?.[1] ?? match?.[2] ?? "").toLowerCase();
  if (canonical.test(body)) return body;
  if (!hexDigits.test(body)) return undefined;
  return [body.slice(0, 8), body.slice(8, 12), body.slice(12, 16), body.slice(16, 20), body.slice(20)].join("-");
}

/** Whether the text is a UUID in its hyphenated form, in any case. */
export function isUuid(text: string): boolean {
  return canonical.test(text.toLowerCase());
}
