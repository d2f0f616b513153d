import { parsePythonFloat } from "./parse-number.ts";

/** Reads a list of numbers while its bytes arrive. It keeps only the numbers. */
export interface NumberListReader {
  push(bytes: Uint8Array): void;
  /** Whether the text has begun like a list, even if something else followed. */
  hasBegun(): boolean;
  /** Returns the numbers; `undefined` unless the text was exactly one list with at least one number. */
  finish(): Float64Array<ArrayBuffer> | undefined;
}

export const mostNumbers = 100_000;
/** The longest text of one number. */
const mostCharacters = 1_024;

const [open, close, comma] = [..."[],"].map((character) => character.charCodeAt(0));
/** JSON's white space (RFC 8259 §2). */
const isSpace = (byte: number) => byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;
/** Visible ASCII, the only characters of numbers. */
const isVisible = (byte: number) => byte > 0x20 && byte < 0x7f;

/** What the reader expects next. */
type Expected = "list" | "first" | "number" | "rest" | "separator" | "nothing" | "failed";

/** The list has JSON's syntax (RFC 8259 §5). Its numbers are read as Python's `float()` does, like a single number. */
export function createNumberListReader(): NumberListReader {
  let expected: Expected = "list";
  let numbers = new Float64Array(1_024);
  let count = 0;
  let text = "";
  let hasBegun = false;

  function endNumber(): boolean {
    const value = parsePythonFloat(text);
    text = "";
    if (value === undefined || count === mostNumbers) return false;
    if (count === numbers.length) numbers = grown(numbers);
    numbers[count] = value;
    count += 1;
    return true;
  }

  function read(byte: number): Expected {
    if (expected === "rest" && byte !== comma && byte !== close && !isSpace(byte)) {
      if (!isVisible(byte) || text.length === mostCharacters) return "failed";
      text += String.fromCharCode(byte);
      return "rest";
    }
    if (expected === "rest" && !endNumber()) return "failed";
    if (isSpace(byte)) return expected === "rest" ? "separator" : expected;
    if (expected === "list") return byte === open ? "first" : "failed";
    if (expected === "rest" || expected === "separator") {
      if (byte === close) return "nothing";
      return byte === comma ? "number" : "failed";
    }
    if (expected === "nothing" || byte === comma || byte === close || !isVisible(byte)) return "failed";
    text = String.fromCharCode(byte);
    return "rest";
  }

  return {
    push(bytes) {
      for (const byte of bytes) {
        if (expected === "failed") return;
        expected = read(byte);
        hasBegun ||= expected === "first";
      }
    },
    hasBegun: () => hasBegun,
    finish() {
      text = "";
      return expected === "nothing" ? numbers.subarray(0, count) : undefined;
    },
  };
}

function grown(numbers: Float64Array<ArrayBuffer>): Float64Array<ArrayBuffer> {
  const larger = new Float64Array(Math.min(mostNumbers, 2 * numbers.length));
  larger.set(numbers);
  // Overwrites the true numbers, so that they do not stay in memory.
  numbers.fill(0);
  return larger;
}
