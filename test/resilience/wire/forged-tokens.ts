import {
  createHmac,
  createPrivateKey,
  createPublicKey,
  createSign,
  generateKeyPairSync,
  type KeyObject,
  sign,
} from "node:crypto";
import { exportJWK, type JWK } from "jose";
import type { ResilienceWorld } from "../support/world.ts";

/** What goes into a token: as JSON text, so that it may be what no library would write. */
export interface TokenParts {
  readonly header: string;
  readonly payload: string;
}

export type Signer = (input: string) => Buffer;

/** The provider's key as an attacker knows it, and as only the provider does. */
export interface ProviderKey {
  readonly kid: string;
  readonly publicJwk: JWK;
  readonly publicKey: KeyObject;
  readonly privateKey: KeyObject;
}

export async function readProviderKey({ identity }: ResilienceWorld): Promise<ProviderKey> {
  const [publicJwk] = identity.jwks().keys;
  if (publicJwk?.kid === undefined) throw new Error("the provider publishes no key");
  const privateJwk = await exportJWK(identity.privateKey());
  const privateKey = createPrivateKey({ key: { ...privateJwk }, format: "jwk" });
  return { kid: publicJwk.kid, publicJwk, publicKey: createPublicKey(privateKey), privateKey };
}

const encode = (data: string | Buffer) => Buffer.from(data).toString("base64url");

export function makeToken({ header, payload }: TokenParts, signer: Signer): string {
  const input = `${encode(header)}.${encode(payload)}`;
  return `${input}.${encode(signer(input))}`;
}

/** RSASSA-PKCS1-v1_5. */
export const rsa =
  (key: KeyObject, hash = "sha256"): Signer =>
  (input) =>
    createSign(hash).update(input).sign(key);

export const rsaPss =
  (key: KeyObject, hash = "sha256", saltLength = 32): Signer =>
  (input) =>
    sign(hash, Buffer.from(input), { key, padding: 6, saltLength });

export const ecdsa =
  (key: KeyObject): Signer =>
  (input) =>
    sign("sha256", Buffer.from(input), { key, dsaEncoding: "ieee-p1363" });

export const hmac =
  (secret: string | Buffer, hash = "sha256"): Signer =>
  (input) =>
    createHmac(hash, secret).update(input).digest();

export const unsigned: Signer = () => Buffer.alloc(0);

export const foreignRsa = generateKeyPairSync("rsa", { modulusLength: 2048 });
export const foreignEc = generateKeyPairSync("ec", { namedCurve: "P-256" });
export const foreignEd = generateKeyPairSync("ed25519");
