import { diffieHellman, hkdfSync } from "node:crypto";
import { AppError } from "../errors.ts";
import { deriveInputKey } from "./bound/key-schedule.ts";
import { KeyError, type PrivateKey, type PublicKey, parsePublicKey } from "./keys.ts";

/**
 * How the AES key is derived from the ECDH secret, which is the x-coordinate of the shared point. `raw`: the first 32
 * bytes, as in the Python services. `hkdf`: HKDF-SHA-256 (RFC 5869) of the whole secret, without salt and info, as in
 * the newest storage service.
 */
export type KeyDerivation = "raw" | "hkdf";

const derivations = ["raw", "hkdf"] as const satisfies readonly KeyDerivation[];

/**
 * The keys that this node shares with a peer, 32 bytes each. Files in older framings do not say which key they need.
 */
export type SharedKeys = Readonly<Record<KeyDerivation | "bound", Uint8Array>>;

/**
 * Derives the shared keys. Throws `invalid_input` if the peer's key is unreadable, on another curve or this node's own.
 */
export function agreeOnKeys(privateKey: PrivateKey, peerPublicKey: string): SharedKeys {
  const peer = readPeerKey(peerPublicKey);
  if (peer.curve !== privateKey.curve) {
    throw new AppError(
      "invalid_input",
      `The remote node's public key is on curve ${peer.curve}, but this node's key is on curve ${privateKey.curve}`,
    );
  }
  if (peer.fingerprint === privateKey.publicKey.fingerprint) {
    throw new AppError("invalid_input", "The remote node's public key is this node's own");
  }
  const secret = diffieHellman({ privateKey: privateKey.key, publicKey: peer.key });
  const nothing = new Uint8Array(0);
  return {
    raw: secret.subarray(0, 32),
    hkdf: new Uint8Array(hkdfSync("sha256", secret, nothing, nothing, 32)),
    bound: deriveInputKey(secret),
  };
}

/** The keys of the older framings, in the order in which a reader tries them. */
export function listKeys(keys: SharedKeys): readonly Uint8Array[] {
  return derivations.map((derivation) => keys[derivation]);
}

function readPeerKey(text: string): PublicKey {
  try {
    return parsePublicKey(text);
  } catch (error) {
    if (!(error instanceof KeyError)) throw error;
    throw new AppError("invalid_input", "The remote node's public key cannot be read", {
      cause: error,
      operatorDetail: error.message,
    });
  }
}
