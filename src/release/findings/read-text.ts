/** A file's bytes as text; `undefined` if they are not text. Bytes that were cut off may end within a character. */
export function readText(bytes: Uint8Array, isWhole: boolean): string | undefined {
  const text = decode(bytes, isWhole);
  return text === undefined || hasControls(text) ? undefined : text;
}

function decode(bytes: Uint8Array, isWhole: boolean): string | undefined {
  const [first, second] = bytes;
  // Spreadsheets write UTF-16 with this byte order mark.
  if (first === 0xff && second === 0xfe) return new TextDecoder("utf-16le").decode(bytes);
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes, { stream: !isWhole });
  } catch {
    return undefined;
  }
}

const escapeSign = 0x1b;

/** Text contains no control characters except tabs, line ends, page ends and the escape sign of terminal colours. */
function hasControls(text: string): boolean {
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    if (code < 0x20 && (code < 0x09 || code > 0x0d) && code !== escapeSign) return true;
  }
  return false;
}
