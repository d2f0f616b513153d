/**
 * Decodes the text of a form's part or header. Bytes that are not UTF-8 are read as Latin-1, as old clients write it;
 * the Python services did the same. A byte order mark stays in the text: without it two different texts would be equal.
 */
export function decodeText(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return Buffer.from(bytes).toString("latin1");
  }
}
