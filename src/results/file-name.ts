/** The longest name that the catalog's `varchar(255)` and the Hub take, in characters. */
const maxCharacters = 255;

/** What a file without a usable name is called. */
export const defaultFilename = "data.bin";

// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what this removes
const unprintable = /[\u0000-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]/g;

/**
 * Reduces a client's file name to its last path segment, without control characters and cut to 255 characters; the
 * extension stays. Characters that turn the direction of writing are removed too: with one, `…fdp.exe` would look like
 * `…exe.pdf`. Returns `data.bin` if nothing usable is left.
 */
export function cleanFilename(name: string): string {
  const segments = name.toWellFormed().split(/[/\\]/);
  const base = (segments.at(-1) ?? "").replace(unprintable, "").trim();
  if (/^\.*$/.test(base)) return defaultFilename;
  return fitFilename(base, maxCharacters);
}

/** Cuts a name to `limit` characters and keeps its extension. */
function fitFilename(name: string, limit: number): string {
  const characters = [...name];
  if (characters.length <= limit) return name;
  const extension = /\.[^./]{1,16}$/.exec(name)?.[0] ?? "";
  return characters.slice(0, limit - [...extension].length).join("") + extension;
}

/**
 * Whether two names look the same to a reader. macOS writes an accented letter as two characters, other systems as one.
 */
export function isSameFilename(a: string, b: string): boolean {
  return a.normalize("NFC") === b.normalize("NFC");
}
