import type { ContentHash } from "../streams/content-hash.ts";
import type { BodyReader } from "./body-reader.ts";
import { digestMismatch, parseDigest } from "./digests.ts";

/**
 * The same body. Its end throws `invalid_input` if the body does not match the request's `Content-Digest` (RFC 9530
 * §2).
 */
export function digestedBody({ headers }: Request, body: BodyReader, newHash: () => ContentHash): BodyReader {
  const header = headers.get("content-digest");
  const expected = header === null ? undefined : parseDigest(header);
  if (expected === undefined) return body;
  const hash = newHash();
  let isChecked = false;
  return {
    ...body,
    async next() {
      const piece = await body.next();
      if (piece !== undefined) hash.update(piece);
      else if (!isChecked && hash.digest() !== expected) throw digestMismatch();
      else isChecked = true;
      return piece;
    },
  };
}
