import type { Environment } from "./environment.ts";

/** Values by name, and the lines that could not be read. */
export interface DotenvFile {
  readonly values: Readonly<Record<string, string>>;
  readonly problems: readonly string[];
}

// White space is what the Python services take for it, no-break spaces too; only `\n` ends a line, which JavaScript's `$` does not know.
const SPACE = /[^\S\n]/.source;
const NAME = `${SPACE}*(?:export${SPACE}+)?(?:'(?<quoted>[^'\\n]+)'|(?<name>[^\\s=#'"]+))${SPACE}*=${SPACE}*`;
const QUOTED = /'(?<single>(?:\\[\s\S]|[^'\\])*)'|"(?<double>(?:\\[\s\S]|[^"\\])*)"/.source;
const BARE = `(?<bare>(?!['"]|${SPACE})[^\\n]*?)${SPACE}*(?:(?<=\\s)#[^\\n]*)?`;
const ENTRY = new RegExp(`${NAME}(?:(?:${QUOTED})${SPACE}*(?:#[^\\n]*)?|${BARE})(?=\\n|$)`, "y");
const BLANK = new RegExp(`${SPACE}*(?:#[^\\n]*)?(?=\\n|$)`, "y");

const ESCAPES: Readonly<Record<string, string>> = {
  n: "\n",
  r: "\r",
  t: "\t",
  a: "\x07",
  b: "\b",
  f: "\f",
  v: "\v",
  '"': '"',
  "'": "'",
  "\\": "\\",
};
// Its byte order mark, or letters and zero bytes in turn, as a reader of UTF-8 sees them.
const UTF_16 = /^(?:\uFFFD\uFFFD|[^\0]\0[^\0]\0|\0[^\0]\0[^\0])/;
const REFERENCE = /\$\{(?<name>[^}:]*)(?::-(?<otherwise>[^}]*))?\}/g;

function entryValue(groups: Readonly<Record<string, string | undefined>>): string {
  if (groups.double !== undefined) {
    return groups.double.replace(/\\([\s\S])/g, (escaped, character: string) => ESCAPES[character] ?? escaped);
  }
  return groups.single?.replace(/\\(['\\])/g, "$1") ?? groups.bare ?? "";
}

/** The value with each `${NAME}` and `${NAME:-otherwise}` replaced; in all kinds of quotes, as the Python services do it. */
function expand(value: string, lookUp: (name: string) => string | undefined): string {
  return value.replace(REFERENCE, (_, name: string, otherwise = "") => lookUp(name) ?? otherwise);
}

/**
 * Reads a `.env` file: comments, `export`, quotes, quoted values over several lines, and `${NAME}` for what stands before in
 * the file or in the environment.
 *
 * Unlike `node:util`'s parser it reports what it cannot read, and a `#` begins a comment only after white space, as the
 * Python services read the same files: `PASSWORD=a#b` must not become `a`.
 */
export function parseDotenv(text: string, environment: Environment = {}): DotenvFile {
  if (UTF_16.test(text)) {
    return {
      values: {},
      problems: [".env is not UTF-8 but UTF-16, as some editors save it, and is ignored: save it as UTF-8"],
    };
  }
  const source = text.replace(/^\uFEFF/, "").replace(/\r\n?/g, "\n");
  const values: Record<string, string> = {};
  const lookUp = (name: string) => values[name] ?? environment[name];
  const problems: string[] = [];
  for (let at = 0; at < source.length; ) {
    ENTRY.lastIndex = BLANK.lastIndex = at;
    const entry = ENTRY.exec(source);
    const name = entry?.groups?.quoted ?? entry?.groups?.name;
    if (entry?.groups && name !== undefined) values[name] = expand(entryValue(entry.groups), lookUp);
    const isRead = entry !== null || BLANK.test(source);
    if (!isRead) {
      const line = source.slice(0, at).split("\n").length;
      problems.push(`.env line ${line} cannot be read: write NAME=value, and close every quote`);
    }
    const end = entry ? ENTRY.lastIndex : at;
    const newline = source.indexOf("\n", end);
    at = newline < 0 ? source.length : newline + 1;
  }
  return { values, problems };
}
