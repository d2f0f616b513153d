import { AppError, type FieldProblem } from "../errors.ts";
import { type Epsilon, readEpsilon } from "../privacy/budget/epsilon.ts";
import type { LaplaceOptions } from "../privacy/laplace.ts";
import { createNumberListReader } from "../privacy/number-list.ts";
import { parsePythonFloat } from "../privacy/parse-number.ts";
import type { Upload } from "./upload.ts";

const maxNumberBytes = 1024;
const maxListBytes = 4 * 1024 * 1024;
/** An overlong list is skipped up to this size, to reach the form fields after it. */
const maxSkippedBytes = 4 * maxListBytes;
const numberNames = ["epsilon", "sensitivity"] as const;

/** The form's fields beside the file. */
export const parameterNames = [...numberNames, "values"] as const;

/** A form whose file holds numbers. The file is read whole into memory and never stored anywhere. */
export interface NoisyForm {
  /** Whether `values=list` was asked for. */
  readonly isList: boolean;
  /**
   * A number, or a list of numbers if one was asked for; `undefined` for a file that is too long or holds anything
   * else.
   */
  readonly content: number | Float64Array | undefined;
  /** Their range has not been checked. */
  readonly options: LaplaceOptions;
  /** `undefined` unless it is positive and finite. */
  readonly epsilon: Epsilon | undefined;
}

/** A form whose content and parameters are valid. */
export interface UsableForm extends NoisyForm {
  readonly content: number | Float64Array;
  readonly epsilon: Epsilon;
}

/** Throws `invalid_form` when a parameter is missing or unreadable, and any error of the form's stream. */
export async function readNoisyForm(upload: Upload): Promise<NoisyForm> {
  const isListExpected = upload.early.get("values") === "list";
  const content = await readContent(upload.body, isListExpected);
  // The fields after an overlong file are not read, so nothing can be said about them.
  if (content === undefined) {
    const options = { epsilon: 1, sensitivity: 1 };
    return { isList: isListExpected, content, options, epsilon: undefined };
  }
  const fields = upload.fields();
  const problems = findNoiseProblems(fields);
  if (problems.length > 0) throw new AppError("invalid_form", "The form is not valid", { problems });
  const isList = fields.get("values") === "list";
  const [epsilon, sensitivity] = numberNames.map((name) => parseParameter(fields.get(name) ?? ""));
  return {
    isList,
    content: isList ? content.list : content.number,
    options: { epsilon: epsilon ?? Number.NaN, sensitivity: sensitivity ?? Number.NaN },
    epsilon: readEpsilon(fields.get("epsilon") ?? ""),
  };
}

/** Lists all missing or unreadable parameters, so that one response can name them all. */
export function findNoiseProblems(fields: ReadonlyMap<string, string>): FieldProblem[] {
  const problems = numberNames.flatMap((name): FieldProblem[] => {
    const text = fields.get(name) ?? "";
    if (text === "") return [{ field: name, problem: "missing", message: "Field required" }];
    if (parseParameter(text) !== undefined) return [];
    const message = "Input should be a valid number, unable to parse string as a number";
    return [{ field: name, problem: "float_parsing", message, input: text }];
  });
  const values = fields.get("values");
  if (values === undefined || values === "list") return problems;
  return [...problems, { field: "values", problem: "literal_error", message: "Input should be 'list'", input: values }];
}

/** Throws `invalid_input` if the file does not hold what was asked for, or if a parameter is out of range. */
export function requireUsable(form: NoisyForm): UsableForm {
  const { isList, content, options, epsilon } = form;
  if (content === undefined) {
    const expected = isList ? "a JSON list of numbers" : "a single numerical value";
    throw new AppError("invalid_input", `Uploaded file must contain ${expected}.`);
  }
  for (const name of numberNames) {
    const isUsable = options[name] > 0 && Number.isFinite(options[name]);
    if (!isUsable) throw outOfRange(name);
  }
  if (epsilon === undefined) throw outOfRange("epsilon");
  return { ...form, content, epsilon };
}

function outOfRange(name: string): AppError {
  return new AppError("invalid_input", `${name} must be a positive, finite number.`);
}

interface Content {
  readonly number: number | undefined;
  readonly list: Float64Array | undefined;
}

/**
 * Reads a file both as a number and as a list, because the field that decides may follow the file. If the file is
 * longer than either may be, cancels the stream and resolves with `undefined`.
 */
async function readContent(body: ReadableStream<Uint8Array>, isListExpected: boolean): Promise<Content | undefined> {
  const reader = body.getReader();
  const list = createNumberListReader();
  const start = new Uint8Array(maxNumberBytes);
  let length = 0;
  for (let read = await reader.read(); !read.done; read = await reader.read()) {
    const bytes = read.value;
    if (length + bytes.byteLength <= maxNumberBytes) start.set(bytes, length);
    length += bytes.byteLength;
    if (length <= maxListBytes) list.push(bytes);
    if (length <= longest(isListExpected, list.hasBegun())) continue;
    await reader.cancel();
    return undefined;
  }
  const text = new TextDecoder("utf-8", { ignoreBOM: true }).decode(start.subarray(0, length));
  return {
    number: length > maxNumberBytes ? undefined : parsePythonFloat(text),
    list: length > maxListBytes ? undefined : list.finish(),
  };
}

function longest(isListExpected: boolean, isListBegun: boolean): number {
  if (isListExpected) return maxListBytes;
  return isListBegun ? maxSkippedBytes : maxNumberBytes;
}

/** Reads a number as Python's `float()` does, including `nan` and `inf`. */
function parseParameter(text: string): number | undefined {
  return parsePythonFloat(text) ?? parseNonFinite(text);
}

function parseNonFinite(text: string): number | undefined {
  const isNamed = /^\s*[+-]?(?:nan|inf|infinity)\s*$/i.test(text);
  const isTooLarge = /^[\s\d.e+-]*$/i.test(text) && Math.abs(Number(text)) === Number.POSITIVE_INFINITY;
  return isNamed || isTooLarge ? Number.NaN : undefined;
}
