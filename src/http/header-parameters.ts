/** Reads the parameters after a header's value. The keys are the names in lower case. */
export function parseParameters(value: string): ReadonlyMap<string, string> {
  const parameters = new Map<string, string>();
  for (const [, name = "", quoted, token] of value.matchAll(
    /;\s*([^\s=;"]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)(?:"|$)|([^;"]*))/gs,
  )) {
    // An unclosed quote takes all of the rest. Browsers do not escape backslashes in file names, so only `\"` and `\\`
    // are unescaped (RFC 9110 §5.6.4).
    parameters.set(name.toLowerCase(), quoted?.replace(/\\(["\\])/g, "$1") ?? token?.trim() ?? "");
  }
  return parameters;
}

/**
 * Reads a parameter in any of its notations: extended (RFC 8187), in sections (RFC 2231 §3), or plain. Form clients
 * should use the plain one only. The others are read, too, because a part whose file name is not recognised would count
 * as a text.
 */
export function readParameter(parameters: ReadonlyMap<string, string>, name: string): string | undefined {
  const extended = parameters.get(`${name}*`);
  const plain = parameters.get(name) ?? joinSections(parameters, name);
  if (extended === undefined) return plain;
  const [, charset = "utf-8", encoded = extended] = /^([^']*)'[^']*'(.*)$/s.exec(extended) ?? [];
  // If the extended value has a broken percent-encoding, the plain one is used.
  if (plain !== undefined && /%(?![\dA-F]{2})/i.test(encoded)) return plain;
  return decodePercent(encoded, charset);
}

/**
 * Joins sections such as `name*0="a"; name*1*=%20b`. Only sections whose name ends with a star are percent-encoded. The
 * first section declares the charset for all.
 */
function joinSections(parameters: ReadonlyMap<string, string>, name: string): string | undefined {
  let charset = "utf-8";
  let text: string | undefined;
  for (let number = 0; ; number += 1) {
    const plain = parameters.get(`${name}*${number}`);
    let encoded = parameters.get(`${name}*${number}*`);
    if (plain === undefined && encoded === undefined) return text;
    const declared = number === 0 ? /^([^']*)'[^']*'(.*)$/s.exec(encoded ?? "") : null;
    if (declared !== null) [, charset = charset, encoded] = declared;
    text = (text ?? "") + (encoded === undefined ? plain : decodePercent(encoded, charset));
  }
}

/** Falls back to Latin-1 for an unknown charset or invalid bytes: a garbled name is better than none. */
function decodePercent(encoded: string, charset: string): string {
  const bytes = Buffer.concat(
    encoded.split(/(%[\dA-F]{2})/i).map((text, index) => {
      return index % 2 === 0 ? Buffer.from(text, "utf8") : Buffer.from(text.slice(1), "hex");
    }),
  );
  try {
    return new TextDecoder((charset || "utf-8") as Bun.Encoding, { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return bytes.toString("latin1");
  }
}
