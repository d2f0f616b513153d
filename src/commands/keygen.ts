import { existsSync, writeFileSync } from "node:fs";
import { type Curve, generateKeyPair } from "../crypto/keys.ts";
import { reasonOf } from "../errors.ts";
import type { ProcessIo } from "./process-io.ts";

export interface KeygenOptions {
  readonly curve: Curve;
  /** A file that must not exist yet, or `-`. */
  readonly out: string;
  /** Keeps a file that exists already and succeeds. */
  readonly keep?: boolean;
}

/**
 * Makes this node's key pair. Writes the private key to a file that only its owner can read, and prints the public key.
 * For `-`, only the private key goes to standard output, for a pipe, and the public key goes to standard error.
 */
export async function keygen(io: ProcessIo, { curve, out, keep }: KeygenOptions): Promise<number> {
  if (keep && existsSync(out)) {
    io.print(`${out} is there already and is kept.`);
    return 0;
  }
  const { privatePem, publicKey } = generateKeyPair(curve);
  const tell = out === "-" ? io.printError : io.print;
  if (out === "-") io.print(privatePem.trimEnd());
  else {
    try {
      writeFileSync(out, privatePem, { flag: "wx", mode: 0o600 });
    } catch (error) {
      io.printError(`${out} was not written: ${explain(error)}`);
      return 1;
    }
    tell(`The private key is in ${out}. Keep it secret, and keep a copy: nobody else has one.`);
    tell(`Settings: CRYPTO__PROVIDER=file CRYPTO__ECDH_PRIVATE_KEY_PATH=${out}`);
  }
  tell(`\nThe public key, on curve ${curve}, for this node on the Hub:\n`);
  tell(publicKey.pem);
  tell("The same as the Hub stores it:\n");
  tell(publicKey.hex);
  return 0;
}

function explain(error: unknown): string {
  const isThere = error instanceof Error && "code" in error && error.code === "EEXIST";
  if (isThere) return "it exists already, and a key in use must not be lost. Choose another --out";
  return reasonOf(error);
}
