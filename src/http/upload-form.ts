import { AppError, type FieldProblem, fieldProblem } from "../errors.ts";
import { cleanFilename } from "../results/file-name.ts";
import type { Upload } from "../results/upload.ts";
import type { ContentHash } from "../streams/content-hash.ts";
import { digestMismatch, parseFileDigest } from "./digests.ts";
import { createFormReader, type FilePart, type FormReader } from "./form-reader.ts";
import type { UploadTurn } from "./upload-turns.ts";

export interface UploadLimits {
  /** 0 = none. Counts the file's bytes only. */
  readonly maxFileBytes: number;
  /** A client that sends no byte for this long is given up. */
  readonly stallMs: number;
  /** Taken before anything is read, as file bytes would come with it, and left to the caller. */
  readonly turn: UploadTurn;
  readonly newHash: () => ContentHash;
  /** Whether the file's hash is wanted, also where the form has no digest to check. */
  readonly isHashed?: boolean;
  /** Whether a client that goes away when it has sent everything may still have it done. */
  readonly outlivesClient?: boolean;
}

/** What a route takes besides the file. */
export interface UploadFields {
  /** Text parts it reads; none of them may come as a file. */
  readonly texts: readonly string[];
  /** Fields that must not have two different values; of others the last one counts. */
  readonly singles?: readonly string[];
  /** What is wrong with the text parts, told along with a missing file. */
  readonly check?: (fields: ReadonlyMap<string, string>) => readonly FieldProblem[];
}

/** What a form may hold besides its file. */
export const maxOverheadBytes = 1024 * 1024;

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
  const refuseGone = () => refuseUnawaited(request, limits);
  const length = contentLength(request);
  if (limits.maxFileBytes > 0 && length !== undefined && length > limits.maxFileBytes + maxOverheadBytes) {
    throw tooLarge(limits.maxFileBytes);
  }
  const names = { texts: [...texts, digestField], singles: [...singles, digestField] };
  const form = createFormReader(request, { ...limits, ...names, maxOverheadBytes });
  const file = await form?.nextFile();
  if (form === undefined || file === undefined) throw missingFile(check(form?.fields ?? new Map()));
  const hash = hashFor(limits, form, length);
  let sha256: string | undefined;
  const ended = () => {
    sha256 = checkDigest(form, hash);
    refuseGone();
  };
  return {
    filename: cleanFilename(file.filename),
    contentType: cleanContentType(file.contentType),
    maxBytes: length,
    early: new Map(form.fields),
    body: wholeFormStream(file, form, { maxFileBytes: limits.maxFileBytes, hash, ended }),
    sha256: () => (limits.isHashed ? sha256 : undefined),
    fields() {
      refuseGone();
      return form.fields;
    },
    attempt: undefined,
    kept: limits.turn.release,
  };
}

const digestField = "digest";
/** So short a file is hashed in any case, for its digest may follow it. */
const alwaysHashedBytes = 16 * 1024 * 1024;

function hashFor({ newHash, isHashed = false }: UploadLimits, form: FormReader, length: number | undefined) {
  const isAnnounced = parseFileDigest(form.fields.get(digestField)) !== undefined;
  const isShort = length === undefined || length <= alwaysHashedBytes;
  return isHashed || isAnnounced || isShort ? newHash() : undefined;
}

/** Throws unless the file is the one that the form's digest stands for; gives its hash, where there is one. */
function checkDigest(form: FormReader, hash: ContentHash | undefined): string | undefined {
  const expected = parseFileDigest(form.fields.get(digestField));
  const sha256 = hash?.digest();
  if (expected === undefined || expected === sha256) return sha256;
  if (sha256 !== undefined) throw digestMismatch();
  throw new AppError("invalid_input", "The digest of a file of more than 16 MiB must come before the file.");
}

interface WholeForm {
  readonly maxFileBytes: number;
  readonly hash: ContentHash | undefined;
  /** Called when all has come, before the stream ends; may throw. */
  readonly ended: () => void;
}

/** The file's bytes. The stream ends when the form has ended, not before. */
function wholeFormStream(
  file: FilePart,
  form: FormReader,
  { maxFileBytes, hash, ended }: WholeForm,
): ReadableStream<Uint8Array> {
  let bytes = 0;
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const chunk = await file.read();
        if (chunk === undefined) {
          await readToEnd(form);
          ended();
          return controller.close();
        }
        bytes += chunk.byteLength;
        if (maxFileBytes > 0 && bytes > maxFileBytes) throw tooLarge(maxFileBytes);
        hash?.update(chunk);
        controller.enqueue(chunk);
      },
      cancel: () => file.cancel(),
    },
    { highWaterMark: 0 },
  );
}

async function readToEnd(form: FormReader): Promise<void> {
  if ((await form.nextFile()) !== undefined) {
    throw fieldProblem({ field: "file", problem: "too_many_files", message: "Only one file may be sent" });
  }
}

/**
 * Nobody would learn of the result. The server hangs up, too, when no proper HTTP follows the request, which it sees only some
 * time after it has handed over the request's last bytes.
 */
function refuseUnawaited(request: Request, { outlivesClient = false }: UploadLimits): void {
  if (request.signal.aborted && !outlivesClient) throw new AppError("client_gone", "The client closed the connection");
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
