import type { Readable } from "node:stream";
import busboy from "busboy";
import { AppError, fieldProblem } from "../errors.ts";
import { createBodyReader } from "./body-reader.ts";

export interface FilePart {
  readonly filename: string;
  readonly contentType: string;
  /** The next bytes, or `undefined` at the part's end. */
  read(): Promise<Uint8Array | undefined>;
  /** Stops reading the request. */
  cancel(): Promise<void>;
}

export interface FormReader {
  /** All text parts read so far. */
  readonly fields: ReadonlyMap<string, string>;
  /** Reads on to the next part called `file`; `undefined` when the form has come to its end. */
  nextFile(): Promise<FilePart | undefined>;
}

export interface FormLimits {
  readonly stallMs: number;
  /** How much a form may hold outside its file. */
  readonly maxOverheadBytes: number;
}

interface OpenFile {
  readonly stream: Readable;
  readonly filename: string;
  readonly info: busboy.FileInfo;
}

/** Larger than any piece a request body comes in, so that the parser never pauses in the middle of one. */
const parserBufferBytes = 64 * 1024 * 1024;
const maxParts = 1_000;
const maxFieldBytes = 64 * 1024;

/**
 * A form read at the pace of whoever takes its file: a piece of the request is fed to the parser only when everything the
 * last one held has been taken. `undefined` if the request is no multipart form at all. Throws as `Upload` promises.
 */
export function createFormReader(request: Request, limits: FormLimits): FormReader | undefined {
  const parser = createParser(request);
  if (parser === undefined) return undefined;
  const source = createBodyReader(request, limits.stallMs);
  const fields = new Map<string, string>();
  const files: OpenFile[] = [];
  let problem: AppError | undefined;
  let finished = false;
  let overheadBytes = 0;

  parser.on("field", (name, value) => fields.set(name, value));
  parser.on("file", (name, stream, info) => {
    // A binary part without a file name is reported as a file, too, but it is none (RFC 7578 §4.2).
    if (name === "file" && info.filename !== undefined) files.push({ stream, filename: info.filename, info });
    else stream.resume();
    stream.on("error", () => {}); // the parser reports it as well
  });
  parser.on("partsLimit", () => {
    problem ??= fieldProblem("too_many_parts", ["body"], `A form may have at most ${maxParts} parts`);
  });
  parser.on("error", (error) => {
    problem ??= fieldProblem("multipart_invalid", ["body"], `The form cannot be read: ${String(error)}`);
  });
  parser.on("close", () => {
    finished = true;
  });

  /** Feeds one piece of the request. Bytes of a file are credited back by whoever reads them. */
  async function feed(): Promise<void> {
    const chunk = await source.next();
    if (chunk === undefined) parser?.end();
    else parser?.write(chunk);
    // The parser reports errors and its end a tick later.
    await new Promise<void>((resolve) => setImmediate(resolve));
    overheadBytes += chunk?.byteLength ?? 0;
    if (problem !== undefined) throw await giveUp(problem);
  }

  async function giveUp(error: AppError): Promise<AppError> {
    await source.cancel();
    return error;
  }

  function filePart({ stream, filename, info }: OpenFile): FilePart {
    return {
      filename,
      contentType: info.mimeType,
      cancel: source.cancel,
      async read() {
        for (;;) {
          const chunk: Buffer | null = stream.read();
          if (chunk !== null) {
            overheadBytes -= chunk.byteLength;
            return chunk;
          }
          if (stream.readableEnded) return undefined;
          await feed();
        }
      },
    };
  }

  return {
    fields,
    async nextFile() {
      for (;;) {
        const file = files.shift();
        if (file !== undefined) return filePart(file);
        if (finished) return undefined;
        if (overheadBytes > limits.maxOverheadBytes) {
          throw await giveUp(new AppError("too_large", "The form holds too much besides its file"));
        }
        await feed();
      }
    },
  };
}

function createParser(request: Request): busboy.Busboy | undefined {
  const contentType = request.headers.get("content-type") ?? "";
  if (!/^multipart\/form-data\s*;/i.test(contentType)) return undefined;
  try {
    return busboy({
      headers: { "content-type": contentType },
      defParamCharset: "utf8",
      fileHwm: parserBufferBytes,
      limits: { parts: maxParts, fieldSize: maxFieldBytes, fields: maxParts },
    });
  } catch {
    return undefined; // no boundary
  }
}
