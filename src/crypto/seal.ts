import { AppError } from "../errors.ts";
import { type ByteReader, createByteReader } from "../streams/byte-reader.ts";
import { pullStream } from "../streams/pull-stream.ts";
import { createEncryption, IV_BYTES, MAX_MESSAGE_BYTES, OVERHEAD_BYTES } from "./aes-gcm.ts";
import type { Framing } from "./framing.ts";

export interface SealOptions {
  readonly key: Uint8Array;
  readonly framing: Framing;
  readonly chunkBytes: number;
  /** A cryptographically secure source: two equal IVs under one key would give the key's authenticity away. */
  readonly randomBytes: (length: number) => Uint8Array;
}

/**
 * Encrypts a stream as it is read and holds none of it back: each piece of plaintext becomes a chunk, IVs and tags come as
 * chunks of their own. Fails with the source's error, or `AppError("too_large")` at the end of what one message can hold.
 */
export function sealStream(plain: ReadableStream<Uint8Array>, options: SealOptions): ReadableStream<Uint8Array> {
  const reader = createByteReader(plain);
  return pullStream(sealMessages(reader, options), reader.cancel);
}

async function* sealMessages(reader: ByteReader, { key, framing, chunkBytes, randomBytes }: SealOptions) {
  const messageBytes = framing === "single" ? MAX_MESSAGE_BYTES : chunkBytes - OVERHEAD_BYTES;
  let piece = await reader.take(messageBytes);
  do {
    const iv = randomBytes(IV_BYTES);
    const encryption = createEncryption(key, iv);
    yield iv;
    for (let room = messageBytes; piece !== undefined && room > 0; ) {
      room -= piece.length;
      yield encryption.update(piece);
      // Only a byte that is there begins another message.
      piece = await reader.take(room > 0 ? room : messageBytes);
    }
    if (piece !== undefined && framing === "single") {
      throw new AppError("too_large", "A file over 64 GiB needs segmented encryption");
    }
    encryption.final();
    yield encryption.getAuthTag();
  } while (piece !== undefined);
}
