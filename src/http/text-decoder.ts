/**
 * The text of a form's part or header: UTF-8, else Latin-1 as old clients write it (the Python services fell back the same
 * way). A byte order mark is content like any other: swallowed, it would make two different texts equal.
 */
export function decodeText(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return Buffer.from(bytes).toString("latin1");
  }
}
