import { AppError, fieldProblem } from "../errors.ts";
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

/** What a form may hold besides its file. */
const maxOverheadBytes = 1024 * 1024;

/**
 * Reads a `multipart/form-data` request (RFC 7578) up to the file in part `file`, and leaves the rest to whoever takes the
 * upload. Throws `invalid_form` when there is no such part.
 */
export async function readUpload(request: Request, limits: UploadLimits): Promise<Upload> {
  const length = contentLength(request);
  if (limits.maxFileBytes > 0 && length !== undefined && length > limits.maxFileBytes + maxOverheadBytes) {
    throw tooLarge(limits.maxFileBytes);
  }
  const form = createFormReader(request, { ...limits, maxOverheadBytes });
  if (form === undefined) throw missingFile();
  const file = await form.nextFile();
  if (file === undefined) throw missingFile();
  return {
    filename: cleanFilename(file.filename),
    contentType: cleanContentType(file.contentType),
    maxBytes: length,
    early: new Map(form.fields),
    body: wholeFormStream(file, form, request, limits),
    fields: () => form.fields,
    kept: limits.turn.release,
  };
}

/** The file's bytes. The stream ends when the form has ended, not before. */
function wholeFormStream(
  file: FilePart,
  form: FormReader,
  request: Request,
  { maxFileBytes }: UploadLimits,
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
  // Nobody would learn of the result. The server hangs up, too, when no proper HTTP follows the request.
  if (request.signal.aborted) throw new AppError("client_gone", "The client closed the connection");
}

function contentLength(request: Request): number | undefined {
  const header = request.headers.get("content-length");
  return header === null || !/^\d{1,15}$/.test(header) ? undefined : Number(header);
}

/** A type that is no valid header value would break the answer that gives the file back. */
function cleanContentType(type = ""): string {
  const plain = /^[\w!#$&^.+-]{1,64}\/[\w!#$&^.+-]{1,64}(?:;[\x20-\x7e]{1,100})?$/;
  return plain.test(type) ? type : "application/octet-stream";
}

function tooLarge(maxFileBytes: number) {
  return new AppError("too_large", `The file is larger than the ${maxFileBytes} bytes allowed here`);
}

function missingFile() {
  return fieldProblem({ field: "file", problem: "missing", message: "Field required" });
}
