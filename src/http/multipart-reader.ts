import { fieldProblem } from "../errors.ts";
import { type PartHeader, parsePartHeader } from "./part-header.ts";
import { decodeText } from "./text-decoder.ts";

/** Reads the parts of a multipart body in turn, at the caller's pace. Throws `invalid_form` for a malformed body. */
export interface MultipartReader {
  /** Skips the rest of the current part and goes to the next one; `undefined` after the last. */
  nextPart(): Promise<PartHeader | undefined>;
  /** The next bytes of the part; `undefined` at its end. They may be a view into the buffer that `next` returned. */
  read(): Promise<Uint8Array | undefined>;
}

const maxHeaderBytes = 16 * 1024;
const lineBreak = Buffer.from("\r\n");
const headerEnd = Buffer.from("\r\n\r\n");

/**
 * The project has its own reader, because libraries push parts instead of waiting for the caller, lose information from
 * a part's header, or treat a part with an empty file name as a field. `formData()` keeps whole files in memory. See
 * docs/decisions/multipart-reader.md.
 *
 * Reads a body (RFC 2046 §5.1.1) whose pieces may be cut anywhere. It searches each piece without a copy. Only a tail
 * that may be the start of a boundary is joined with the next piece.
 */
export function createMultipartReader(boundary: string, next: () => Promise<Uint8Array | undefined>): MultipartReader {
  const delimiter = Buffer.from(`\r\n--${boundary}`);
  // The body may begin with the first boundary, without a line break in front of it. So one is added here.
  let buffer: Buffer = lineBreak;
  let place: "content" | "boundary" | "end" = "content";

  async function fill(): Promise<void> {
    const chunk = await next();
    if (chunk === undefined) throw broken("it ends before its last boundary");
    const bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    buffer = buffer.byteLength === 0 ? bytes : Buffer.concat([buffer, bytes]);
  }

  function take(count: number, skip = 0): Buffer {
    const taken = buffer.subarray(0, count);
    buffer = buffer.subarray(count + skip);
    return taken;
  }

  /** How many bytes of the buffer are certainly content: all but a tail that may be the start of a boundary. */
  function countSafe(): number {
    let start = buffer.indexOf(13, Math.max(0, buffer.byteLength - delimiter.byteLength + 1));
    while (start >= 0 && !delimiter.subarray(0, buffer.byteLength - start).equals(buffer.subarray(start))) {
      start = buffer.indexOf(13, start + 1);
    }
    return start < 0 ? buffer.byteLength : start;
  }

  async function read(): Promise<Uint8Array | undefined> {
    while (place === "content") {
      const at = buffer.indexOf(delimiter);
      if (at >= 0) place = "boundary";
      const content = at >= 0 ? take(at, delimiter.byteLength) : take(countSafe());
      if (content.byteLength > 0) return content;
      if (at < 0) await fill();
    }
    return undefined;
  }

  /** Reads the header block after a boundary, without the line break that ends the boundary's line. */
  async function readHeader(): Promise<string> {
    for (;;) {
      const at = buffer.indexOf(headerEnd);
      if (at > maxHeaderBytes || (at < 0 && buffer.byteLength > maxHeaderBytes))
        throw broken("a part's header is too long");
      if (at >= 0) return decodeText(take(at, headerEnd.byteLength)).replace(/^[ \t]*\r\n/, "");
      await fill();
    }
  }

  return {
    read,
    async nextPart() {
      while ((await read()) !== undefined);
      if (place === "end") return undefined;
      while (buffer.byteLength < 2) await fill();
      if (buffer.subarray(0, 2).toString("latin1") === "--") {
        place = "end";
        return undefined;
      }
      const header = parsePartHeader(await readHeader());
      if (header === undefined) throw broken("a part has no proper Content-Disposition");
      place = "content";
      return header;
    },
  };
}

function broken(reason: string) {
  // The form may have been damaged in transit, so a repeat may pass: the error is not stored under an idempotency key.
  const problem = { problem: "multipart_invalid", message: `The form cannot be read: ${reason}` };
  return fieldProblem(problem, { mayPass: true });
}
