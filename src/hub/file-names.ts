/** The longest name that the Hub accepts. It may count as JavaScript does, in UTF-16 units. */
const maxUnits = 255;

/** The name or path of a file on the Hub: its own, cut if it is too long. */
export function plainName(filename: string): string {
  return joinName(filename, "");
}

/**
 * The name of a submission if another file has taken its own: with a short id before the extension. Always the same, so
 * that a copy that is already on the Hub is found again.
 */
export function alternateName(filename: string, submissionId: string): string {
  return joinName(filename, `-${submissionId.slice(0, 8)}`);
}

function joinName(filename: string, suffix: string): string {
  const extension = /(?!^)\.[^.]{1,16}$/.exec(filename)?.[0] ?? "";
  const stem = filename.slice(0, filename.length - extension.length);
  // A cut may halve a surrogate pair.
  const cut = stem.slice(0, maxUnits - suffix.length - extension.length).replace(/[\ud800-\udbff]$/, "");
  return cut + suffix + extension;
}
