import { AppError } from "../../errors.ts";

/*
 * An object is one file: a header of fixed size that describes the object, then its bytes. One rename commits both. The
 * header is a line of text with the format's name and version, a line of JSON, and spaces.
 */

export const headerBytes = 4096;
const magic = "flame-object 1\n";

export interface ObjectHeader {
  readonly contentType: string;
  readonly filename?: string | undefined;
  readonly etag: string;
}

export function encodeHeader(header: ObjectHeader): Buffer {
  const text = Buffer.from(`${magic}${JSON.stringify(header)}\n`);
  if (text.byteLength > headerBytes) {
    throw new AppError("invalid_input", "The file name is too long", { operatorDetail: "Object header does not fit" });
  }
  return Buffer.concat([text, Buffer.alloc(headerBytes - text.byteLength, " ")]);
}

/** `undefined` if these bytes are not an object's header. */
export function decodeHeader(bytes: Buffer): ObjectHeader | undefined {
  const text = bytes.toString("utf8");
  if (bytes.byteLength !== headerBytes || !text.startsWith(magic)) return undefined;
  try {
    const header: unknown = JSON.parse(text.slice(magic.length));
    return isHeader(header) ? header : undefined;
  } catch {
    return undefined;
  }
}

function isHeader(value: unknown): value is ObjectHeader {
  if (typeof value !== "object" || value === null) return false;
  const isText = (name: string) => typeof Reflect.get(value, name) === "string";
  return ["contentType", "etag"].every(isText) && (!("filename" in value) || isText("filename"));
}
