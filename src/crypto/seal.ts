import { AppError } from "../errors.ts";
import { type ByteReader, createByteReader } from "../streams/byte-reader.ts";
import { pullStream } from "../streams/pull-stream.ts";
import { createEncryption, IV_BYTES, MAX_MESSAGE_BYTES, OVERHEAD_BYTES } from "./aes-gcm.ts";
import type { Framing } from "./framing.ts";

export interface SealOptions {
  readonly key: Uint8Array;
  readonly framing: Framing;
  readonly chunkBytes: number;
  /** Cryptographically secure. With two equal IVs under one key, an attacker could forge messages. */
  readonly randomBytes: (length: number) => Uint8Array;
}

/**
 * Encrypts a stream while it is read, without buffering. Each piece of plaintext becomes one chunk of the stream; IVs
 * and tags are separate chunks. Fails with the source's error, or with `AppError("too_large")` if one message cannot
 * hold the file.
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
      // Reads on before it ends the message: another message begins only if there is another byte.
      piece = await reader.take(room > 0 ? room : messageBytes);
    }
    if (piece !== undefined && framing === "single") {
      throw new AppError("too_large", "A file over 64 GiB needs segmented encryption");
    }
    encryption.final();
    yield encryption.getAuthTag();
  } while (piece !== undefined);
}
