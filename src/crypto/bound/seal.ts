import { AppError } from "../../errors.ts";
import { type ByteReader, createByteReader } from "../../streams/byte-reader.ts";
import { pullStream } from "../../streams/pull-stream.ts";
import type { BoundFile } from "../node-cipher.ts";
import { sealBatches } from "./chunks.ts";
import { deriveFileKeys, type FileKeys } from "./key-schedule.ts";
import { MAGIC, MAX_CHUNKS, SALT_BYTES } from "./size.ts";

export interface BoundSealOptions {
  readonly inputKey: Uint8Array;
  readonly context: Uint8Array;
  /** Cryptographically secure; makes the salt. */
  readonly randomBytes: (length: number) => Uint8Array;
}

/** The seal of a file, which its link contains. It prevents that another file is delivered under the same link. */
export function sealOf(commitment: Uint8Array): string {
  return Buffer.from(commitment.subarray(0, 16)).toString("hex");
}

/** Encrypts a stream while it is read. Memory holds one batch. Fails with the source's error. */
export function sealBound(plain: ReadableStream<Uint8Array>, options: BoundSealOptions): BoundFile {
  const salt = options.randomBytes(SALT_BYTES);
  const keys = deriveFileKeys(options.inputKey, salt, options.context);
  const reader = createByteReader(plain);
  return { body: pullStream(sealChunks(reader, salt, keys), reader.cancel), seal: sealOf(keys.commitment) };
}

async function* sealChunks(reader: ByteReader, salt: Uint8Array, keys: FileKeys) {
  yield Buffer.concat([MAGIC, salt, keys.commitment]);
  for await (const { batch, chunks } of sealBatches(reader, keys)) {
    if (chunks > MAX_CHUNKS) throw new AppError("too_large", "A file of 4 PiB or more cannot be encrypted");
    yield batch;
  }
}
