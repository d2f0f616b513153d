import { Tokenizer, TokenType } from "@streamparser/json";
import type { Finding } from "./examination.ts";
import type { Pace } from "./pace.ts";
import type { SmallCounts } from "./small-counts.ts";

export interface JsonLook {
  /** The number of elements, if the whole text is a list. */
  readonly rows: number | undefined;
  readonly findings: readonly Finding[];
  /** Whether the time was enough for the whole text. */
  readonly isWhole: boolean;
}

interface Level {
  readonly isList: boolean;
  index: number;
  key: string;
}

const deepest = 64;
const pieceCharacters = 32_768;
const longestKey = 100;

/** Looks at all numbers, piece by piece, without building the values in memory. Throws when the text is not JSON. */
export async function lookAtJson(
  text: string,
  isWholeText: boolean,
  small: SmallCounts,
  pace: Pace,
): Promise<JsonLook> {
  const walk = createWalk(small);
  const tokenizer = new Tokenizer();
  let failure: unknown;
  tokenizer.onError = (error) => {
    failure ??= error;
  };
  tokenizer.onToken = ({ token, value }) => {
    if (!walk.isTooDeep()) walk.take(token, value);
  };
  let isWhole = true;
  for (let start = 0; start < text.length && isWhole && !walk.isTooDeep(); start += pieceCharacters) {
    tokenizer.write(text.slice(start, start + pieceCharacters));
    if (failure !== undefined) throw failure;
    isWhole = await pace.next();
  }
  if (isWhole && isWholeText && !walk.isTooDeep()) {
    if (!tokenizer.isEnded) tokenizer.end();
    if (failure !== undefined || !walk.isComplete()) throw failure ?? new Error("It ends too early");
  }
  const message = `It is nested deeper than ${deepest} levels; what stands there was not looked at.`;
  const depth: Finding[] = walk.isTooDeep() ? [{ code: "unreadable", message }] : [];
  return { rows: walk.rows(), findings: [...small.findings(), ...depth], isWhole };
}

/** Keeps track of lists and objects, so that a finding can give the path of a number. */
function createWalk(small: SmallCounts) {
  const levels: Level[] = [];
  let [isTooDeep, values] = [false, 0];
  let rows: number | undefined;

  function pathOf(): string {
    return `$${levels.map(({ isList, index, key }) => (isList ? `[${index}]` : `.${key}`)).join("")}`;
  }

  function open(isList: boolean): void {
    if (levels.length >= deepest) isTooDeep = true;
    else levels.push({ isList, index: 0, key: "" });
  }

  function close(isList: boolean): void {
    const level = levels.pop();
    if (level?.isList !== isList) throw new Error("A bracket does not fit");
    if (levels.length === 0) {
      values += 1;
      if (isList) rows = (rows ?? 0) + level.index + (level.key === "filled" ? 1 : 0);
    }
  }

  return {
    isTooDeep: () => isTooDeep,
    isComplete: () => levels.length === 0 && values === 1,
    rows: () => rows ?? (levels[0]?.isList ? levels[0].index + 1 : undefined),
    take(token: TokenType, value: unknown): void {
      const top = levels.at(-1);
      if (top?.isList && token !== TokenType.RIGHT_BRACKET) top.key = "filled";
      if (token === TokenType.LEFT_BRACKET) open(true);
      else if (token === TokenType.LEFT_BRACE) open(false);
      else if (token === TokenType.RIGHT_BRACKET) close(true);
      else if (token === TokenType.RIGHT_BRACE) close(false);
      else if (token === TokenType.COMMA && top?.isList) top.index += 1;
      else if (token === TokenType.STRING && top?.isList === false) top.key = String(value).slice(0, longestKey);
      else if (token === TokenType.NUMBER && small.isSmall(String(value)))
        small.add({ path: pathOf(), value: String(value) });
      if (top === undefined && levels.length === 0) values += 1;
    },
  };
}
