import { AppError } from "../../errors.ts";
import { type ByteReader, createByteReader } from "../../streams/byte-reader.ts";
import { pullStream } from "../../streams/pull-stream.ts";
import type { BoundFile } from "../node-cipher.ts";
import { BATCH_BYTES, sealChunk } from "./chunks.ts";
import { deriveFileKeys, type FileKeys } from "./key-schedule.ts";
import { CHUNK_BYTES, MAGIC, MAX_CHUNKS, SALT_BYTES } from "./size.ts";

export interface BoundSealOptions {
  readonly inputKey: Uint8Array;
  readonly context: Uint8Array;
  /** A cryptographically secure source; makes the salt. */
  readonly randomBytes: (length: number) => Uint8Array;
}

/** What a link shows of a file, so that another one cannot be given out for it. */
export function sealOf(commitment: Uint8Array): string {
  return Buffer.from(commitment.subarray(0, 16)).toString("hex");
}

/** Encrypts a stream as it is read, holding one batch. Fails with the source's error. */
export function sealBound(plain: ReadableStream<Uint8Array>, options: BoundSealOptions): BoundFile {
  const salt = options.randomBytes(SALT_BYTES);
  const keys = deriveFileKeys(options.inputKey, salt, options.context);
  const reader = createByteReader(plain);
  return { body: pullStream(sealChunks(reader, salt, keys), reader.cancel), seal: sealOf(keys.commitment) };
}

async function* sealChunks(reader: ByteReader, salt: Uint8Array, keys: FileKeys) {
  yield Buffer.concat([MAGIC, salt, keys.commitment]);
  for (let number = 0; number < MAX_CHUNKS; ) {
    const batch = new Uint8Array(BATCH_BYTES);
    let end = 0;
    let isLast = false;
    for (; end < BATCH_BYTES && !isLast; number++) {
      const sealedBytes = await sealChunk(reader, keys, number, batch.subarray(end));
      isLast = sealedBytes < CHUNK_BYTES;
      end += sealedBytes;
    }
    yield batch.subarray(0, end);
    if (isLast) return;
  }
  throw new AppError("too_large", "A file of 4 PiB or more cannot be encrypted");
}
