import { join } from "node:path";

/*
 * How keys become paths: each segment of a key is one folder, the last one a file that ends in `.object`. All bytes but
 * [a-z0-9_-] are percent-encoded in lower case. So names stay distinct on file systems that ignore case, and never
 * begin with a dot. An empty segment is a lone `%`. A segment too long for a file name is cut into pieces, and each
 * piece but the last ends in `+`.
 */

const pieces = /.{1,200}/g;
const fileSuffix = ".object";

/** The path of an object's file. No two keys have the same path. */
export function objectPath(root: string, key: string): string {
  return `${join(root, ...key.split("/").flatMap(namesOf))}${fileSuffix}`;
}

/** The folder of all objects whose keys start with the prefix, up to and including its last `/`. */
export function folderPath(root: string, prefix: string): string {
  return join(root, ...prefix.split("/").slice(0, -1).flatMap(namesOf));
}

/** The key of the file at a path relative to the root; `undefined` for files that are not objects. */
export function keyOfPath(names: readonly string[]): string | undefined {
  const joined = names.map((name) => (name.endsWith("+") ? name.slice(0, -1) : `${name}/`)).join("");
  const encoded = joined.slice(0, -`${fileSuffix}/`.length);
  let key: string;
  try {
    key = encoded.split("/").map(decodeSegment).join("/");
  } catch {
    return undefined;
  }
  return objectPath("", key) === join(...names) ? key : undefined;
}

function namesOf(segment: string): string[] {
  const encoded = segment === "" ? "%" : encodeSegment(segment);
  const names = encoded.match(pieces) ?? [];
  return names.map((name, index) => (index < names.length - 1 ? `${name}+` : name));
}

function encodeSegment(segment: string): string {
  const percentEncode = (character: string) =>
    Array.from(Buffer.from(character), (byte) => `%${byte.toString(16).padStart(2, "0")}`).join("");
  return segment.replace(/[^a-z0-9_-]/gu, percentEncode);
}

function decodeSegment(encoded: string): string {
  return encoded === "%" ? "" : decodeURIComponent(encoded);
}
