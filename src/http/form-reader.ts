import { AppError, fieldProblem } from "../errors.ts";
import type { ContentHash } from "../streams/content-hash.ts";
import { createBodyReader } from "./body-reader.ts";
import { digestedBody } from "./digested-body.ts";
import { createMultipartReader } from "./multipart-reader.ts";
import { isMultipartForm, parseBoundary } from "./part-header.ts";
import { decodeText } from "./text-decoder.ts";
import type { UploadTurn } from "./upload-turns.ts";

export interface FilePart {
  readonly filename: string;
  readonly contentType: string | undefined;
  /** The next bytes, or `undefined` at the part's end. */
  read(): Promise<Uint8Array | undefined>;
  /** Stops reading the request. */
  cancel(): Promise<void>;
}

export interface FormReader {
  /** All text parts read so far. Of a repeated name it holds the last value. */
  readonly fields: ReadonlyMap<string, string>;
  /** Reads on to the next file in a part called `file`; `undefined` at the end of the form. */
  nextFile(): Promise<FilePart | undefined>;
}

export interface FormLimits {
  readonly stallMs: number;
  /** Names of parts that must be texts. Sent as a file, such a part would be ignored silently, so it is refused. */
  readonly texts: readonly string[];
  /** Fields that must not be sent with two different values. */
  readonly singles: readonly string[];
  /** How many bytes a form may hold besides its file. */
  readonly maxOverheadBytes: number;
  readonly turn: Pick<UploadTurn, "take" | "receive">;
  readonly newHash: () => ContentHash;
}

const maxParts = 1_000;

/**
 * Reads a form at the pace of the file's consumer. Returns `undefined` if the request is no multipart form. Throws
 * `invalid_input` if the boundary is missing. The reader throws the errors that `Upload.body` lists.
 */
export function createFormReader(request: Request, limits: FormLimits): FormReader | undefined {
  const contentType = request.headers.get("content-type") ?? "";
  if (!isMultipartForm(contentType)) return undefined;
  const boundary = parseBoundary(contentType);
  if (boundary === undefined) throw new AppError("invalid_input", "Missing boundary in multipart.");
  const source = digestedBody(request, createBodyReader(request, limits.stallMs, limits.turn), limits.newHash);
  const parts = createMultipartReader(boundary, nextPiece);
  const fields = new Map<string, string>();
  let partCount = 0;
  let overheadBytes = 0;

  /** Every byte counts as overhead first; `readFile` subtracts the bytes of the file. */
  async function nextPiece(): Promise<Uint8Array | undefined> {
    if (overheadBytes > limits.maxOverheadBytes)
      throw new AppError("too_large", "The form holds too much besides its file");
    const piece = await source.next();
    overheadBytes += piece?.byteLength ?? 0;
    return piece;
  }

  async function readFile(): Promise<Uint8Array | undefined> {
    const piece = await parts.read();
    overheadBytes -= piece?.byteLength ?? 0;
    return piece;
  }

  async function readText(): Promise<string> {
    const pieces: Uint8Array[] = [];
    // A piece is a view into a buffer that may be overwritten, so it is copied. `maxOverheadBytes` limits the copies.
    for (let piece = await parts.read(); piece !== undefined; piece = await parts.read()) pieces.push(piece.slice());
    return decodeText(Buffer.concat(pieces));
  }

  function addField(name: string, text: string): void {
    const known = fields.get(name);
    if (limits.singles.includes(name) && known !== undefined && known !== text) {
      const message = "The field was sent twice, with different values";
      throw fieldProblem({ field: name, problem: "ambiguous", message, input: text });
    }
    fields.set(name, text);
  }

  async function nextFile(): Promise<FilePart | undefined> {
    for (;;) {
      const part = await parts.nextPart();
      if (part === undefined) {
        // Read the request to its end, too: a request that breaks off after its form must fail.
        while ((await nextPiece()) !== undefined);
        return undefined;
      }
      partCount += 1;
      if (partCount > maxParts) {
        throw fieldProblem({ problem: "too_many_parts", message: `A form has at most ${maxParts} parts` });
      }
      const { name, filename, contentType } = part;
      if (filename === undefined) {
        addField(name, await readText());
      } else if (name === "file" && filename !== "") {
        return { filename, contentType, read: readFile, cancel: source.cancel };
      } else if (limits.texts.includes(name)) {
        throw fieldProblem({ field: name, problem: "string_type", message: "Input should be a valid string" });
      }
    }
  }

  return {
    fields,
    async nextFile() {
      try {
        return await nextFile();
      } catch (error) {
        await source.cancel();
        throw error;
      }
    },
  };
}
