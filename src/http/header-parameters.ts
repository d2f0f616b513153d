/** The parameters behind a header's first value, by lower-case name. */
export function parseParameters(value: string): ReadonlyMap<string, string> {
  const parameters = new Map<string, string>();
  for (const [, name = "", quoted, token] of value.matchAll(
    /;\s*([^\s=;"]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)(?:"|$)|([^;"]*))/gs,
  )) {
    // A quote that is never closed holds all the rest. Browsers send backslashes of file names as they are, so only these two escapes of RFC 9110 §5.6.4 are undone.
    parameters.set(name.toLowerCase(), quoted?.replace(/\\(["\\])/g, "$1") ?? token?.trim() ?? "");
  }
  return parameters;
}

/**
 * A parameter in whichever way it is written: extended (RFC 8187), in sections (RFC 2231 §3), or plain. Form clients should
 * write the last alone, but a part whose file name is overlooked would be a text.
 */
export function readParameter(parameters: ReadonlyMap<string, string>, name: string): string | undefined {
  const extended = parameters.get(`${name}*`);
  const plain = parameters.get(name) ?? joinSections(parameters, name);
  if (extended === undefined) return plain;
  const [, charset = "utf-8", encoded = extended] = /^([^']*)'[^']*'(.*)$/s.exec(extended) ?? [];
  // Where one of the two is damaged the other one is the name.
  if (plain !== undefined && /%(?![\dA-F]{2})/i.test(encoded)) return plain;
  return decodePercent(encoded, charset);
}

/** `name*0="a"; name*1*=%20b`: only sections with a star of their own are percent-encoded, in the first one's charset. */
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

/** In a charset that we do not know, and in a broken one, each byte stands for itself: a strange name is still a name. */
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
