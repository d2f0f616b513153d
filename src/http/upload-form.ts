import { AppError, type FieldProblem, fieldProblem } from "../errors.ts";
import { cleanFilename } from "../results/file-name.ts";
import type { Upload } from "../results/upload.ts";
import { createFormReader, type FilePart, type FormReader } from "./form-reader.ts";
import type { UploadTurn } from "./upload-turns.ts";

export interface UploadLimits {
  /** 0 = none. Counts the file's bytes only. */
  readonly maxFileBytes: number;
  /** A client that sends no byte for this long is given up. */
  readonly stallMs: number;
  /** Taken before anything is read, as file bytes would come with it, and left to the caller. */
  readonly turn: UploadTurn;
}

/** What a route takes besides the file. */
export interface UploadFields {
  /** Text parts it reads; none of them may come as a file. */
  readonly texts: readonly string[];
  /** Those of which two different values are an error; of others the last counts. */
  readonly singles?: readonly string[];
  /** What is wrong with the text parts, told along with a missing file. */
  readonly check?: (fields: ReadonlyMap<string, string>) => readonly FieldProblem[];
}

/** What a form may hold besides its file. */
const maxOverheadBytes = 1024 * 1024;

/**
 * Reads a `multipart/form-data` request (RFC 7578) up to the file in part `file`, and leaves the rest to whoever takes the
 * upload. Throws `invalid_form` when there is no such part.
 */
export async function readUpload(
  request: Request,
  limits: UploadLimits,
  { texts, singles = [], check = () => [] }: UploadFields,
): Promise<Upload> {
  refuseCoding(request);
  const length = contentLength(request);
  if (limits.maxFileBytes > 0 && length !== undefined && length > limits.maxFileBytes + maxOverheadBytes) {
    throw tooLarge(limits.maxFileBytes);
  }
  const form = createFormReader(request, { ...limits, texts, singles, maxOverheadBytes });
  const file = await form?.nextFile();
  if (form === undefined || file === undefined) throw missingFile(check(form?.fields ?? new Map()));
  return {
    filename: cleanFilename(file.filename),
    contentType: cleanContentType(file.contentType),
    maxBytes: length,
    early: new Map(form.fields),
    body: wholeFormStream(file, form, request, limits.maxFileBytes),
    fields() {
      refuseGone(request);
      return form.fields;
    },
    kept: limits.turn.release,
  };
}

/** The file's bytes. The stream ends when the form has ended, not before. */
function wholeFormStream(
  file: FilePart,
  form: FormReader,
  request: Request,
  maxFileBytes: number,
): ReadableStream<Uint8Array> {
  let bytes = 0;
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const chunk = await file.read();
        if (chunk === undefined) {
          await readToEnd(form, request);
          return controller.close();
        }
        bytes += chunk.byteLength;
        if (maxFileBytes > 0 && bytes > maxFileBytes) throw tooLarge(maxFileBytes);
        controller.enqueue(chunk);
      },
      cancel: () => file.cancel(),
    },
    { highWaterMark: 0 },
  );
}

async function readToEnd(form: FormReader, request: Request): Promise<void> {
  if ((await form.nextFile()) !== undefined) {
    throw fieldProblem({ field: "file", problem: "too_many_files", message: "Only one file may be sent" });
  }
  refuseGone(request);
}

/**
 * Nobody would learn of the result. The server hangs up, too, when no proper HTTP follows the request, which it sees only some
 * time after it has handed over the request's last bytes.
 */
function refuseGone(request: Request): void {
  if (request.signal.aborted) throw new AppError("client_gone", "The client closed the connection");
}

function contentLength(request: Request): number | undefined {
  const header = request.headers.get("content-length");
  return header === null || !/^\d{1,15}$/.test(header) ? undefined : Number(header);
}

/** A form coded as a whole (RFC 9110 §8.4) is not undone: a few bytes could stand for any number. */
function refuseCoding(request: Request): void {
  const coding = request.headers.get("content-encoding")?.trim().toLowerCase() ?? "";
  if (coding === "" || coding === "identity") return;
  throw new AppError("unsupported_coding", `The Content-Encoding '${coding.slice(0, 50)}' is not supported`);
}

/** A type that is no valid header value would break the answer that gives the file back. */
function cleanContentType(type = ""): string {
  // A range of types, such as `*/*`, is what a client takes and nothing that a file has.
  const plain =
    /^(?!\*\/|[^/]*\/\*[ \t]*(?:;|$))[\w!#$%&'*+.^`|~-]{1,127}\/[\w!#$%&'*+.^`|~-]{1,127}[ \t]*(?:;[\t\x20-\x7e]{0,200})?$/;
  return plain.test(type) ? type : "application/octet-stream";
}

function tooLarge(maxFileBytes: number) {
  return new AppError("too_large", `The file is larger than the ${maxFileBytes} bytes allowed here`);
}

function missingFile(others: readonly FieldProblem[]) {
  const missing = { field: "file", problem: "missing", message: "Field required" };
  return new AppError("invalid_form", missing.message, { problems: [missing, ...others] });
}
