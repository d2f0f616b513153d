/*
 * S3 responses are flat: a list of one kind of element whose children hold text. Reading that needs no parser. This
 * code also copes with stores that write control characters of keys into their XML, which a parser would refuse.
 */

const entities: Readonly<Record<string, string>> = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'" };

/** Whether the text is one complete element: a truncated response may have said more. */
export function isWhole(xml: string): boolean {
  const root = /^\s*(?:<\?[^>]*\?>\s*)?<([\w:.-]+)/.exec(xml)?.[1];
  return (
    root !== undefined && (xml.trimEnd().endsWith(`</${root}>`) || /^[^>]*\/>\s*$/.test(xml.slice(xml.indexOf(root))))
  );
}

/** The inside of every element of that name. */
export function elementsOf(xml: string, name: string): string[] {
  return Array.from(xml.matchAll(new RegExp(`<${name}>(.*?)</${name}>`, "gs")), (match) => match[1] ?? "");
}

/** The text of the first element of that name; `undefined` if there is none. */
export function textOf(xml: string, name: string): string | undefined {
  const [content] = elementsOf(xml, name);
  return content?.replace(/&(?:#x([0-9a-f]{1,6})|#(\d{1,7})|(\w+));/gi, (whole, hex, decimal, named) => {
    if (named !== undefined) return entities[named] ?? whole;
    const codePoint = hex === undefined ? Number.parseInt(decimal, 10) : Number.parseInt(hex, 16);
    return codePoint <= 0x10ffff ? String.fromCodePoint(codePoint) : whole;
  });
}

/** The text of an element that the store was asked to URL-encode; S3 itself writes a space as `+`. */
export function keyTextOf(xml: string, name: string, urlEncoded: boolean): string | undefined {
  const text = textOf(xml, name);
  if (text === undefined || !urlEncoded) return text;
  try {
    return decodeURIComponent(text.replaceAll("+", " "));
  } catch {
    return undefined;
  }
}

export function escapeXml(text: string): string {
  return text.replace(/[&<>"'\r\n\t]/g, (character) => `&#${character.charCodeAt(0)};`);
}

/** Whether XML 1.0 can carry the text at all (section 2.2). */
export function isXmlText(text: string): boolean {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these very characters are what is looked for
  return !/[\0-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]/.test(text);
}
