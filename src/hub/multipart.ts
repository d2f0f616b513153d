import { encodeExtended } from "../content-disposition.ts";

/** The bytes around the single part of a `multipart/form-data` body. */
export interface MultipartEnvelope {
  /** For the request's `Content-Type`. */
  readonly contentType: string;
  readonly head: Uint8Array<ArrayBuffer>;
  readonly tail: Uint8Array<ArrayBuffer>;
}

export interface EnvelopeFile {
  readonly path: string;
  readonly contentType: string;
  /** Must not occur in the file: take something random. */
  readonly boundary: string;
}

const PLAIN_NAME = /^[\w !#$&'()+,./;=@^`{}~-]+$/;
const MEDIA_TYPE = /^[\w!#$&^.+-]+\/[\w!#$&^.+-]+(\s*;\s*[\w!#$&^.+-]+=([\w!#$&^.+-]+|"[^"\\\r\n]*"))*$/;

/** Frames a file part. No path or content type can break out of its header line. */
export function buildEnvelope({ path, contentType, boundary }: EnvelopeFile): MultipartEnvelope {
  const type = MEDIA_TYPE.test(contentType) ? contentType : "application/octet-stream";
  const head = [
    `--${boundary}`,
    `Content-Disposition: form-data; name="file"; ${fileNameParameter(path)}`,
    `Content-Type: ${type}`,
    "",
    "",
  ];
  return {
    contentType: `multipart/form-data; boundary=${boundary}`,
    head: new TextEncoder().encode(head.join("\r\n")),
    tail: new TextEncoder().encode(`\r\n--${boundary}--\r\n`),
  };
}

/**
 * Servers read a quoted name as latin-1 with backslash escapes, so it is used only for names that need neither. All
 * other names are sent only in the extended notation of RFC 8187: every Hub reads it, and one notation cannot
 * contradict another.
 */
function fileNameParameter(path: string): string {
  return PLAIN_NAME.test(path) ? `filename="${path}"` : `filename*=${encodeExtended(path)}`;
}
