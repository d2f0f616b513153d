import type { Fingerprint } from "../idempotency/idempotency-store.ts";
import type { Upload } from "../results/upload.ts";
import type { ContentHash } from "../streams/content-hash.ts";
import { maxOverheadBytes } from "./upload-form.ts";

/** Not part of the fingerprint: the digest itself is checked against the file. */
const digestField = "digest";

export function hashText(newHash: () => ContentHash, text: string): string {
  const hash = newHash();
  hash.update(new TextEncoder().encode(text));
  return hash.digest();
}

/** Hashes form fields; their order does not matter. */
export function hashFields(newHash: () => ContentHash, fields: Iterable<readonly [string, string]>): string {
  const entries = [...fields].filter(([name]) => name !== digestField);
  return hashText(newHash, JSON.stringify(entries.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))));
}

export interface WatchedUpload {
  readonly upload: Upload;
  facts(): Fingerprint;
}

/**
 * Wraps an upload and collects its fingerprint while the body is read. Of a secret file the fingerprint holds neither
 * length nor hash.
 */
export function watchUpload(upload: Upload, newHash: () => ContentHash, isSecret: boolean): WatchedUpload {
  const name = hashText(newHash, upload.filename);
  const measured = isSecret ? undefined : upload.measure();
  let hasEnded = false;
  const body = onEnd(upload.body, () => {
    hasEnded = true;
  });
  return {
    upload: { ...upload, body },
    facts() {
      if (!hasEnded) return { name };
      return { name, fields: hashFields(newHash, upload.fields()), ...measured?.() };
    },
  };
}

/** Reads a repeated upload until it differs from the first one, or to its end. Discards the bytes. */
export async function compareUpload(
  upload: Upload,
  newHash: () => ContentHash,
  first: Fingerprint,
): Promise<Fingerprint> {
  const name = hashText(newHash, upload.filename);
  const isOther = name !== first.name || !mayHaveLength(upload, first.bytes);
  if (isOther || first.fields === undefined) {
    await upload.body.cancel();
    return isOther ? { name, bytes: -1 } : { name };
  }
  const facts = upload.measure();
  let bytes = 0;
  for await (const piece of upload.body) {
    bytes += piece.byteLength;
    if (bytes > (first.bytes ?? bytes)) return { name, bytes };
  }
  return { name, fields: hashFields(newHash, upload.fields()), ...(first.sha256 === undefined ? {} : facts()) };
}

/** Whether a form of `maxBytes` bytes can hold a file of `bytes` bytes. */
function mayHaveLength({ maxBytes }: Upload, bytes: number | undefined): boolean {
  if (maxBytes === undefined || bytes === undefined) return true;
  return maxBytes > bytes && maxBytes <= bytes + maxOverheadBytes;
}

function onEnd(source: ReadableStream<Uint8Array>, ended: () => void): ReadableStream<Uint8Array> {
  const reader = source.getReader();
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const { done, value } = await reader.read();
        if (!done) return controller.enqueue(value);
        ended();
        controller.close();
      },
      cancel: (reason) => reader.cancel(reason),
    },
    { highWaterMark: 0 },
  );
}
