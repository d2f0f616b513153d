import { inflateSync } from "node:zlib";
import suite from "../../fixtures/vectors/chunked-encryption.json";

/** A published case for C2SP chunked-encryption v1 with AES-256-GCM and SHA-512. */
export interface WycheproofCase {
  readonly name: string;
  readonly isValid: boolean;
  readonly key: Uint8Array;
  readonly context: Uint8Array;
  /** Salt, commitment and chunks. */
  readonly ciphertext: Uint8Array;
  /** All of it, or what may be released before the failure. */
  readonly plainBytes: number;
  readonly plainSha512: string;
}

const SHA512_OF_NOTHING =
  "cf83e1357eefb8bdf1542850d66d8007d620e4050b5715dc83f4a921d36ce9ce" +
  "47d0d13c5d85f2b0ff8318d2877eec2f63b931bd47417a81a538327af927da3e";

export const wycheproofCases: readonly WycheproofCase[] = suite.tests.map((entry) => ({
  name: `${entry.id} (${[entry.result, ...entry.flags].join(", ")})`,
  isValid: entry.result === "valid",
  key: Buffer.from(entry.key, "hex"),
  context: Buffer.from(entry.context, "hex"),
  ciphertext: inflateSync(Buffer.from(entry.ciphertext_deflated, "hex")),
  plainBytes: entry.plaintext_bytes ?? 0,
  plainSha512: entry.plaintext_sha512 ?? SHA512_OF_NOTHING,
}));
