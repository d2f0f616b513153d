/** A file's bytes as text; `undefined` for what is none. What is cut off may end within a character. */
export function readText(bytes: Uint8Array, isWhole: boolean): string | undefined {
  const text = decode(bytes, isWhole);
  return text === undefined || hasControls(text) ? undefined : text;
}

function decode(bytes: Uint8Array, isWhole: boolean): string | undefined {
  const [first, second] = bytes;
  // As spreadsheets write it.
  if (first === 0xff && second === 0xfe) return new TextDecoder("utf-16le").decode(bytes);
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes, { stream: !isWhole });
  } catch {
    return undefined;
  }
}

const escapeSign = 0x1b;

/** No text has these, but for tabs, ends of lines and pages, and what colours terminals. */
function hasControls(text: string): boolean {
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    if (code < 0x20 && (code < 0x09 || code > 0x0d) && code !== escapeSign) return true;
  }
  return false;
}
