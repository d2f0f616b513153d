import { type ByteReader, createByteReader } from "../streams/byte-reader.ts";
import { pullStream } from "../streams/pull-stream.ts";
import type { Spool } from "../streams/spool.ts";
import {
  createDecryption,
  IV_BYTES,
  isAuthentic,
  MAX_MESSAGE_BYTES,
  OVERHEAD_BYTES,
  openMessage,
  TAG_BYTES,
} from "./aes-gcm.ts";
import { type BoundSource, openFile } from "./bound/open-file.ts";
import { segmentedPlainSize } from "./framing.ts";
import { DecryptionError, type SeenFraming } from "./node-cipher.ts";

export interface OpenOptions {
  /** The possible keys. They are tried in this order. */
  readonly keys: readonly Uint8Array[];
  readonly chunkBytes: number;
  readonly sealedBytes: number;
  readonly spool: Pick<Spool, "write">;
  readonly onFraming?: ((framing: SeenFraming) => void) | undefined;
  /** If given, bound files are read too. */
  readonly bound?: BoundSource;
}

/** Decrypts a stream of any framing as `NodeCipher.open` promises. Memory holds one segment and its plaintext. */
export async function openStream(
  sealed: ReadableStream<Uint8Array>,
  options: OpenOptions,
): Promise<ReadableStream<Uint8Array>> {
  const reader = createByteReader(sealed);
  try {
    const openOlder = () => openEitherFraming(reader, options);
    return await (options.bound === undefined ? openOlder() : openFile(reader, options.bound, openOlder));
  } catch (error) {
    await reader.cancel(error).catch(() => {});
    throw error;
  }
}

async function openEitherFraming(reader: ByteReader, options: OpenOptions): Promise<ReadableStream<Uint8Array>> {
  const { keys, chunkBytes, sealedBytes } = options;
  if (sealedBytes === 0) {
    await expectEnd(reader);
    return pullStream(noChunks(), reader.cancel);
  }
  if (sealedBytes < OVERHEAD_BYTES) throw new DecryptionError(`${sealedBytes} bytes are no sealed message`);
  const segment = new Uint8Array(Math.min(chunkBytes, sealedBytes));
  await readFully(reader, segment);
  if (sealedBytes <= chunkBytes) await expectEnd(reader);
  const canBeSegmented = segmentedPlainSize(sealedBytes, chunkBytes) !== undefined;
  for (const key of canBeSegmented ? keys : []) {
    const firstPlain = openMessage(key, segment);
    if (firstPlain === undefined) continue;
    options.onFraming?.("segmented");
    return pullStream(openSegments(reader, segment, firstPlain, { ...options, key }), reader.cancel);
  }
  if (sealedBytes > chunkBytes) return openSingle(reader, segment, options);
  throw new DecryptionError("The file is not authentic");
}

async function* noChunks(): AsyncGenerator<Uint8Array, void, void> {}

/** `buffer` contains the first segment, and is reused for each later one. */
async function* openSegments(
  reader: ByteReader,
  buffer: Uint8Array,
  firstPlain: readonly Uint8Array[],
  { key, chunkBytes, sealedBytes }: OpenOptions & { readonly key: Uint8Array },
) {
  yield* firstPlain;
  for (let position = buffer.length; position < sealedBytes; position += chunkBytes) {
    const segment = buffer.subarray(0, Math.min(chunkBytes, sealedBytes - position));
    await readFully(reader, segment);
    if (position + segment.length === sealedBytes) await expectEnd(reader);
    const plain = openMessage(key, segment);
    if (plain === undefined) throw new DecryptionError(`The segment at byte ${position} is not authentic`);
    yield* plain;
  }
}

/**
 * Opens a message that is longer than a segment. It must be checked as a whole before any byte is returned, and may not
 * fit into memory. So its ciphertext is stored on disk, decrypted once to check the tag, and decrypted again for the
 * reader.
 */
async function openSingle(reader: ByteReader, head: Uint8Array, options: OpenOptions) {
  const { keys, sealedBytes, spool, onFraming } = options;
  if (sealedBytes > MAX_MESSAGE_BYTES + OVERHEAD_BYTES) throw new DecryptionError("The first segment is not authentic");
  const file = await spool.write(pullStream(expectBytes(reader, head, sealedBytes), reader.cancel));
  const plainChunks = (key: Uint8Array) => openSpooled(createByteReader(file.open()), key, sealedBytes);
  try {
    for (const key of keys) {
      if (!(await isWhole(plainChunks(key)))) continue;
      onFraming?.("single");
      return pullStream(plainChunks(key), file.remove);
    }
    throw new DecryptionError("Neither the first segment nor the whole file is authentic");
  } catch (error) {
    await file.remove();
    throw error;
  }
}

/** Decrypts the whole message and says whether the tag at its end is correct. */
async function isWhole(chunks: AsyncGenerator<Uint8Array, void, void>): Promise<boolean> {
  try {
    for await (const _ of chunks);
    return true;
  } catch (error) {
    if (error instanceof DecryptionError) return false;
    throw error;
  }
}

async function* expectBytes(reader: ByteReader, head: Uint8Array, totalBytes: number) {
  yield head;
  for (let rest = totalBytes - head.length; rest > 0; ) {
    const piece = await reader.take(rest);
    if (piece === undefined) throw tooShort();
    rest -= piece.length;
    yield piece;
  }
  await expectEnd(reader);
}

/** Yields plaintext before the tag at the end is checked, so the caller must have checked the message before. */
async function* openSpooled(reader: ByteReader, key: Uint8Array, sealedBytes: number) {
  const iv = new Uint8Array(IV_BYTES);
  const tag = new Uint8Array(TAG_BYTES);
  await readFully(reader, iv);
  const decryption = createDecryption(key, iv);
  for (let rest = sealedBytes - OVERHEAD_BYTES; rest > 0; ) {
    const piece = await reader.take(rest);
    if (piece === undefined) throw tooShort();
    rest -= piece.length;
    yield decryption.update(piece);
  }
  await readFully(reader, tag);
  decryption.setAuthTag(tag);
  if (!isAuthentic(decryption)) throw new DecryptionError("The file is not authentic");
}

async function readFully(reader: ByteReader, target: Uint8Array): Promise<void> {
  if ((await reader.fill(target)) < target.length) throw tooShort();
}

async function expectEnd(reader: ByteReader): Promise<void> {
  if ((await reader.take(1)) !== undefined) throw new DecryptionError("The file is longer than announced");
}

const tooShort = () => new DecryptionError("The file is shorter than announced");
