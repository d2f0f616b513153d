import type { Environment } from "./environment.ts";

/** Values by name, and one sentence for each line that could not be read. */
export interface DotenvFile {
  readonly values: Readonly<Record<string, string>>;
  readonly problems: readonly string[];
}

// White space as the Python services define it, no-break spaces included. Only `\n` ends a line; JavaScript's `$` would
// also accept other line ends.
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
// How UTF-16 looks when it is read as UTF-8: a broken byte order mark, or letters that alternate with zero bytes.
const UTF_16 = /^(?:\uFFFD\uFFFD|[^\0]\0[^\0]\0|\0[^\0]\0[^\0])/;
const REFERENCE = /\$\{(?<name>[^}:]*)(?::-(?<otherwise>[^}]*))?\}/g;

function entryValue(groups: Readonly<Record<string, string | undefined>>): string {
  if (groups.double !== undefined) {
    return groups.double.replace(/\\([\s\S])/g, (escaped, character: string) => ESCAPES[character] ?? escaped);
  }
  return groups.single?.replace(/\\(['\\])/g, "$1") ?? groups.bare ?? "";
}

/**
 * Replaces each `${NAME}` and `${NAME:-otherwise}`. It does so within all kinds of quotes, as the Python services do.
 */
function expand(value: string, lookUp: (name: string) => string | undefined): string {
  return value.replace(REFERENCE, (_, name: string, otherwise = "") => lookUp(name) ?? otherwise);
}

/**
 * Reads a `.env` file. It knows comments, `export`, quotes, and quoted values over several lines. `${NAME}` stands for
 * a value from an earlier line or from the environment.
 *
 * Unlike the parser of `node:util` it reports lines that it cannot read. A `#` begins a comment only after white space,
 * because the Python services read the same files so: `PASSWORD=a#b` must not become `a`.
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
