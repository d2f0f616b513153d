import { createHash } from "node:crypto";
import { join } from "node:path";
import type { Framing } from "../../src/crypto/framing.ts";
import type { KeyDerivation } from "../../src/crypto/shared-keys.ts";
import list from "../fixtures/vectors/vectors.json";

const DEFAULT_CHUNK_BYTES = 1_048_576;

/** A file that Python's `cryptography` sealed, with the keys of both ends. */
export interface Vector {
  readonly name: string;
  readonly curve: string;
  readonly framing: Framing;
  readonly keyDerivation: KeyDerivation;
  readonly chunkBytes: number;
  readonly plainBytes: number;
  readonly plainSha256: string;
  readonly sender: VectorKeys;
  readonly receiver: VectorKeys;
  readonly sealed: Uint8Array;
}

export interface VectorKeys {
  readonly pkcs8: string;
  readonly sec1: string;
  readonly publicPem: string;
  readonly publicHex: string;
}

export const vectors: readonly Vector[] = await Promise.all(
  list.map(async (entry) => ({
    name: entry.name,
    curve: entry.curve,
    framing: entry.framing === "single" ? "single" : "segmented",
    keyDerivation: entry.key_derivation === "hkdf" ? "hkdf" : "raw",
    chunkBytes: entry.chunk_size ?? DEFAULT_CHUNK_BYTES,
    plainBytes: entry.plain_bytes,
    plainSha256: entry.plain_sha256,
    sender: {
      pkcs8: entry.sender_private_pkcs8_pem,
      sec1: entry.sender_private_sec1_pem,
      publicPem: entry.sender_public_pem,
      publicHex: entry.sender_public_hub_hex,
    },
    receiver: {
      pkcs8: entry.receiver_private_pkcs8_pem,
      sec1: entry.receiver_private_sec1_pem,
      publicPem: entry.receiver_public_pem,
      publicHex: entry.receiver_public_hub_hex,
    },
    sealed: await Bun.file(join(import.meta.dir, "../fixtures/vectors", `${entry.name}.cipher`)).bytes(),
  })),
);

export function getVector(name: string): Vector {
  const vector = vectors.find((candidate) => candidate.name === name);
  if (vector === undefined) throw new Error(`There is no vector ${name}`);
  return vector;
}

export const sha256 = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");

/** The IVs of a sealed file in order; a source of "randomness" that makes `seal` write the same file again. */
export function recordedIvs({ sealed, framing, chunkBytes }: Vector): (length: number) => Uint8Array {
  let position = 0;
  return (length) => {
    const iv = sealed.slice(position, position + length);
    position += framing === "single" ? sealed.length : chunkBytes;
    return iv;
  };
}
