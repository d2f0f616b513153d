import { errors, flattenedVerify, type JWK } from "jose";
import type { RemoteKey } from "./remote-keys.ts";

/** Whether the key's own description allows it to verify signatures of this algorithm (RFC 7517 §4). */
export function suits(jwk: JWK, alg: string): boolean {
  const keyType = alg.startsWith("ES") ? "EC" : alg.startsWith("RS") || alg.startsWith("PS") ? "RSA" : "OKP";
  if (jwk.kty !== keyType) return false;
  if (jwk.alg !== undefined && jwk.alg !== alg) return false;
  return isForSigning(jwk);
}

export function isForSigning({ use, key_ops }: JWK): boolean {
  return (use === undefined || use === "sig") && (!Array.isArray(key_ops) || key_ops.includes("verify"));
}

/**
 * Whether the key verifies signatures of this algorithm. Only trying tells: a weak RSA key, or a key on another curve,
 * can be imported. A sound key finds a made-up signature wrong; with any other key there is another error.
 */
export async function canVerify({ jwk, forAlgorithm }: RemoteKey, alg: string): Promise<boolean> {
  if (!suits(jwk, alg)) return false;
  const key = await forAlgorithm(alg);
  if (key === undefined) return false;
  const encode = (text: string) => Buffer.from(text).toString("base64url");
  const madeUp = { protected: encode(JSON.stringify({ alg })), payload: encode("{}"), signature: encode("none") };
  return flattenedVerify(madeUp, key).then(
    () => false,
    (error: unknown) => error instanceof errors.JWSSignatureVerificationFailed,
  );
}
