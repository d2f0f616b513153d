import { AppError, type FieldProblem } from "../errors.ts";
import { addLaplaceNoise, type LaplaceOptions } from "../privacy/laplace.ts";
import { formatPythonFloat, parsePythonFloat } from "../privacy/parse-number.ts";
import type { RandomBytes } from "../privacy/random-integers.ts";
import type { Upload } from "./upload.ts";

const maxNumberBytes = 1024;
/** The form's fields beside the file. */
export const parameterNames = ["epsilon", "sensitivity"] as const;

/** A form with a number in its file, read whole: the only file that is ever held in memory, and never kept anywhere else. */
export interface NumberForm {
  /** `undefined` for a file that is too long or no number. */
  readonly value: number | undefined;
  /** Not checked for their range. */
  readonly options: LaplaceOptions;
}

/** Throws `invalid_form` when `epsilon` or `sensitivity` is missing or no number, and what reading the form throws. */
export async function readNumberForm(upload: Upload): Promise<NumberForm> {
  const bytes = await readShort(upload.body, maxNumberBytes);
  // What follows a file that is too long is not read, so nothing can be said about it.
  if (bytes === undefined) return { value: undefined, options: { epsilon: 1, sensitivity: 1 } };
  const problems = findNumberProblems(upload.fields());
  if (problems.length > 0) throw new AppError("invalid_form", "The form is not valid", { problems });
  const [epsilon, sensitivity] = parameterNames.map((name) => parseParameter(upload.fields().get(name) ?? ""));
  const options = { epsilon: epsilon ?? Number.NaN, sensitivity: sensitivity ?? Number.NaN };
  return { value: parsePythonFloat(new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes)), options };
}

/** What is missing or no number among the form's parameters; all of it, so that one answer tells it all. */
export function findNumberProblems(fields: ReadonlyMap<string, string>): FieldProblem[] {
  return parameterNames.flatMap((name): FieldProblem[] => {
    const text = fields.get(name) ?? "";
    if (text === "") return [{ field: name, problem: "missing", message: "Field required" }];
    if (parseParameter(text) !== undefined) return [];
    const message = "Input should be a valid number, unable to parse string as a number";
    return [{ field: name, problem: "float_parsing", message, input: text }];
  });
}

/** The number with Laplace noise, as text. Throws `invalid_input` for what is no number or out of range. */
export function addNoise({ value, options }: NumberForm, randomBytes: RandomBytes): string {
  if (value === undefined) {
    throw new AppError("invalid_input", "Uploaded file must contain a single numerical value.");
  }
  for (const name of parameterNames) {
    const isUsable = options[name] > 0 && Number.isFinite(options[name]);
    if (!isUsable) throw new AppError("invalid_input", `${name} must be a positive, finite number.`);
  }
  return formatPythonFloat(addLaplaceNoise(value, options, randomBytes));
}

/** All bytes of a stream; `undefined`, and the stream is cancelled, if there are more than allowed. */
async function readShort(stream: ReadableStream<Uint8Array>, maxBytes: number): Promise<Uint8Array | undefined> {
  const reader = stream.getReader();
  const bytes = new Uint8Array(maxBytes);
  let length = 0;
  for (let read = await reader.read(); !read.done; read = await reader.read()) {
    if (length + read.value.byteLength > maxBytes) {
      await reader.cancel();
      return undefined;
    }
    bytes.set(read.value, length);
    length += read.value.byteLength;
  }
  return bytes.subarray(0, length);
}

/** A number as Python's `float()` reads it, `nan` and `inf` too. */
function parseParameter(text: string): number | undefined {
  return parsePythonFloat(text) ?? parseNonFinite(text);
}

function parseNonFinite(text: string): number | undefined {
  const isNamed = /^\s*[+-]?(?:nan|inf|infinity)\s*$/i.test(text);
  const isTooLarge = /^[\s\d.e+-]*$/i.test(text) && Math.abs(Number(text)) === Number.POSITIVE_INFINITY;
  return isNamed || isTooLarge ? Number.NaN : undefined;
}
