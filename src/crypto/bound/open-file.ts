import type { ByteReader } from "../../streams/byte-reader.ts";
import { DecryptionError, type SealedSource } from "../node-cipher.ts";
import { encodeContext } from "./context.ts";
import { hasMagic, openBound, readHeader } from "./open.ts";
import { sealOf } from "./seal.ts";
import { HEADER_BYTES } from "./size.ts";

export interface BoundSource
  extends Pick<SealedSource, "sealedBytes" | "binding" | "seal" | "hasMovedOn" | "onFraming"> {
  readonly inputKey: Uint8Array;
  /** Whether files in older framings are refused. */
  readonly isRequired: boolean;
}

/**
 * Opens a bound file as `NodeCipher.open` promises. For any other file it restores the reader and calls `openOlder`.
 * The random IV of an older file may begin with the magic by chance; then the commitment shows that the file is not
 * bound.
 */
export async function openFile(
  reader: ByteReader,
  source: BoundSource,
  openOlder: () => Promise<ReadableStream<Uint8Array>>,
): Promise<ReadableStream<Uint8Array>> {
  const header = new Uint8Array(Math.min(HEADER_BYTES, source.sealedBytes));
  const filled = await reader.fill(header);
  const claimsBound = hasMagic(header.subarray(0, filled));
  const keys = claimsBound ? await findKeys(header.subarray(0, filled), source) : undefined;
  if (keys !== undefined) {
    if (source.seal !== undefined && source.seal.toLowerCase() !== sealOf(keys.commitment)) {
      throw new DecryptionError("The file is not the one that the link's seal stands for");
    }
    const plain = await openBound(reader, keys, source.sealedBytes - filled);
    source.onFraming?.("bound");
    return plain;
  }
  if (claimsBound && source.isRequired) throw boundElsewhere();
  if (source.isRequired) throw new DecryptionError("The file is not in the bound framing, and CRYPTO__ACCEPT is bound");
  if (await source.hasMovedOn?.()) {
    throw claimsBound ? boundElsewhere() : new DecryptionError(recording);
  }
  if (source.seal !== undefined) throw new DecryptionError("The link has a seal, but the file is not the bound one");
  reader.unread(header.subarray(0, filled));
  return claimsBound ? openOlder().catch(explain) : openOlder();
}

const recording =
  "The file is not in the bound framing, but its sender has sent bound files before; `flame-result peers forget` ends that";

async function findKeys(header: Uint8Array, { binding, inputKey }: BoundSource) {
  return binding && readHeader(header, { inputKey, context: encodeContext(await binding()) });
}

function explain(error: unknown): never {
  throw error instanceof DecryptionError ? boundElsewhere(error) : error;
}

function boundElsewhere(cause?: Error): DecryptionError {
  const problem = "The file is bound to another analysis, sender, receiver or key, or its header is damaged";
  return new DecryptionError(problem, { cause });
}
