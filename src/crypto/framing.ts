import { OVERHEAD_BYTES } from "./aes-gcm.ts";

/**
 * `segmented`: the file is split into pieces of `chunkBytes - 28` plaintext bytes, and each piece is one sealed
 * message. An empty file is one empty message. `single`: the whole file is one sealed message. Files of at most one
 * piece have the same form in both framings.
 */
export type Framing = "segmented" | "single";

export function sealedSize(framing: Framing, plainBytes: number, chunkBytes: number): number {
  const messages = framing === "single" ? 1 : Math.max(1, Math.ceil(plainBytes / (chunkBytes - OVERHEAD_BYTES)));
  return plainBytes + messages * OVERHEAD_BYTES;
}

/** The inverse of `sealedSize` for `segmented`. `undefined` for a size that no segmented file can have. */
export function segmentedPlainSize(sealedBytes: number, chunkBytes: number): number | undefined {
  const messages = Math.max(1, Math.ceil(sealedBytes / chunkBytes));
  const plainBytes = sealedBytes - messages * OVERHEAD_BYTES;
  const lastBytes = sealedBytes - (messages - 1) * chunkBytes;
  const possible = messages === 1 ? lastBytes >= OVERHEAD_BYTES : lastBytes > OVERHEAD_BYTES;
  return possible ? plainBytes : undefined;
}
