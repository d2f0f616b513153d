import { encodeStrictly } from "../content-headers.ts";
import { checkKey, refusedKey } from "../object-key.ts";

/** Bun's S3 client writes the path into a buffer of this size. */
const maxEncodedBytes = 1024;

/**
 * Throws for keys that would not reach the store unchanged: Bun's S3 client trims slashes and turns `\` into `/`, URLs
 * resolve dot segments, and S3 knows no NUL. Otherwise two keys could name one object.
 */
export function checkS3Key(key: string): void {
  checkKey(key);
  if (/^\/|\/$|[\\\0]/.test(key)) throw refusedKey("S3 keys here must not begin or end with '/', or have '\\' or NUL");
  if (key.split("/").some((segment) => segment === "." || segment === "..")) {
    throw refusedKey("S3 keys here must not have '.' or '..' as a segment");
  }
  if (encodeKey(key).length > maxEncodedBytes) {
    throw refusedKey(`percent-encoded it has more than ${maxEncodedBytes} bytes`);
  }
}

export function encodeKey(key: string): string {
  return key.split("/").map(encodeStrictly).join("/");
}
