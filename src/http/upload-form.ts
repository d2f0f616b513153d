import { AppError, type FieldProblem, fieldProblem } from "../errors.ts";
import { cleanFilename } from "../results/file-name.ts";
import type { Upload } from "../results/upload.ts";
import type { ContentHash } from "../streams/content-hash.ts";
import { digestMismatch, parseFileDigest } from "./digests.ts";
import { createFormReader, type FilePart, type FormReader } from "./form-reader.ts";
import { announcedLength, type UploadTurn } from "./upload-turns.ts";

export interface UploadLimits {
  /** 0 = no limit. Only the file's own bytes count. */
  readonly maxFileBytes: number;
  /** The upload fails with `client_too_slow` when the client sends no byte for this long. */
  readonly stallMs: number;
  /** Taken before the first read, because that read may already bring file bytes. The caller releases it. */
  readonly turn: UploadTurn;
  readonly newHash: () => ContentHash;
  /** Whether to hash the file even if the form has no digest to check. */
  readonly isHashed?: boolean;
  /** Whether the upload still counts when the client disconnects after its last byte. */
  readonly outlivesClient?: boolean;
}

/** The form fields that a route accepts besides the file. */
export interface UploadFields {
  /** Names of the text parts that the route reads. A file part with one of these names is refused. */
  readonly texts: readonly string[];
  /** Fields that must not be sent with two different values. Of any other repeated field the last value counts. */
  readonly singles?: readonly string[];
  /** Finds problems of the text parts; a refusal of a form without a file lists them, too. */
  readonly check?: (fields: ReadonlyMap<string, string>) => readonly FieldProblem[];
}

/** How many bytes a form may hold besides its file. */
export const maxOverheadBytes = 1024 * 1024;

/**
 * Reads a `multipart/form-data` request (RFC 7578) up to the file in part `file`. The consumer of the upload's `body`
 * reads the rest. Throws `invalid_form` when there is no such part.
 */
export async function readUpload(
  request: Request,
  limits: UploadLimits,
  { texts, singles = [], check = () => [] }: UploadFields,
): Promise<Upload> {
  refuseCoding(request);
  const refuseGone = () => refuseUnawaited(request, limits);
  const length = announcedLength(request.headers);
  if (limits.maxFileBytes > 0 && length !== undefined && length > limits.maxFileBytes + maxOverheadBytes) {
    throw tooLarge(limits.maxFileBytes);
  }
  const names = { texts: [...texts, digestField], singles: [...singles, digestField] };
  const form = createFormReader(request, { ...limits, ...names, maxOverheadBytes });
  const file = await form?.nextFile();
  if (form === undefined || file === undefined) throw missingFile(check(form?.fields ?? new Map()));
  let hash = hashFor(limits, form, length);
  let facts: { readonly bytes: number; readonly sha256: string | undefined } | undefined;
  const ended = (bytes: number) => {
    facts = { bytes, sha256: checkDigest(form, hash) };
    refuseGone();
  };
  return {
    filename: cleanFilename(file.filename),
    contentType: cleanContentType(file.contentType),
    maxBytes: length,
    early: new Map(form.fields),
    body: wholeFormStream(file, form, { maxFileBytes: limits.maxFileBytes, hash: () => hash, ended }),
    measure() {
      hash ??= limits.newHash();
      return () => {
        if (facts?.sha256 === undefined) throw new Error("The file has not been read to its end");
        return { bytes: facts.bytes, sha256: facts.sha256 };
      };
    },
    sha256: () => (limits.isHashed ? facts?.sha256 : undefined),
    fields() {
      refuseGone();
      return form.fields;
    },
    attempt: undefined,
    kept: limits.turn.release,
  };
}

const digestField = "digest";
/** Forms up to this length are always hashed, because the digest may come after the file. */
const alwaysHashedBytes = 16 * 1024 * 1024;

function hashFor({ newHash, isHashed = false }: UploadLimits, form: FormReader, length: number | undefined) {
  const isAnnounced = parseFileDigest(form.fields.get(digestField)) !== undefined;
  const isShort = length === undefined || length <= alwaysHashedBytes;
  return isHashed || isAnnounced || isShort ? newHash() : undefined;
}

/** Returns the file's hash, if there is one. Throws `invalid_input` if the file does not match the form's digest. */
function checkDigest(form: FormReader, hash: ContentHash | undefined): string | undefined {
  const expected = parseFileDigest(form.fields.get(digestField));
  const sha256 = hash?.digest();
  if (expected === undefined || expected === sha256) return sha256;
  if (sha256 !== undefined) throw digestMismatch();
  throw new AppError("invalid_input", "The digest of a file of more than 16 MiB must come before the file.");
}

interface WholeForm {
  readonly maxFileBytes: number;
  readonly hash: () => ContentHash | undefined;
  /** Called after the form's last byte and before the stream ends. If it throws, the stream fails. */
  readonly ended: (bytes: number) => void;
}

/** The file's bytes. The stream ends only after the whole form was read, so that half a form never counts as a file. */
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
          ended(bytes);
          return controller.close();
        }
        bytes += chunk.byteLength;
        if (maxFileBytes > 0 && bytes > maxFileBytes) throw tooLarge(maxFileBytes);
        hash()?.update(chunk);
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
 * Throws `client_gone` if the connection is closed, because nobody would receive the response. The server itself also
 * closes the connection when bytes that are not HTTP follow the request. It notices them only some time after it
 * delivered the request's last bytes, so this is checked more than once.
 */
function refuseUnawaited(request: Request, { outlivesClient = false }: UploadLimits): void {
  if (request.signal.aborted && !outlivesClient) throw new AppError("client_gone", "The client closed the connection");
}

/**
 * Refuses a compressed request body (Content-Encoding, RFC 9110 §8.4): a few bytes could expand to any number. Throws
 * `unsupported_coding`.
 */
function refuseCoding(request: Request): void {
  const coding = request.headers.get("content-encoding")?.trim().toLowerCase() ?? "";
  if (coding === "" || coding === "identity") return;
  throw new AppError("unsupported_coding", `The Content-Encoding '${coding.slice(0, 50)}' is not supported`);
}

/** Replaces an invalid Content-Type: it would later break the response that returns the file. */
function cleanContentType(type = ""): string {
  // A media range such as `*/*` belongs into an Accept header; it is not the type of a file.
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
