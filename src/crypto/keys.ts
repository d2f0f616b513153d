import { createHash, createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from "node:crypto";

export type Curve = "P-256" | "P-384" | "P-521";

export interface PublicKey {
  readonly curve: Curve;
  readonly key: KeyObject;
  /** SPKI. */
  readonly pem: string;
  /** Lower-case hex of the PEM text, the form in which the Hub stores a node's key. */
  readonly hex: string;
  /** SHA-256 of the SPKI DER, lower-case hex. */
  readonly fingerprint: string;
}

export interface PrivateKey {
  readonly curve: Curve;
  readonly key: KeyObject;
  readonly publicKey: PublicKey;
}

/** A text is not the expected key. The message says what was found and what is expected. It never contains the text. */
export class KeyError extends Error {
  override readonly name = "KeyError";
}

const MAX_TEXT_LENGTH = 16 * 1024;
const CURVES: Readonly<Record<string, Curve>> = { prime256v1: "P-256", secp384r1: "P-384", secp521r1: "P-521" };
const WANTED = "an EC key on P-256, P-384 or P-521";
const ENCRYPTED = `found a key that is protected by a passphrase, want ${WANTED} without one`;

/** Reads this node's own key from PEM: PKCS#8 or SEC1 without a passphrase. Throws `KeyError`. */
export function parsePrivateKey(text: string): PrivateKey {
  const blocks = readPemBlocks(text);
  const block = blocks.find(({ label }) => label === "PRIVATE KEY" || label === "EC PRIVATE KEY");
  if (block === undefined) {
    const encrypted = blocks.some(({ label }) => label === "ENCRYPTED PRIVATE KEY");
    throw new KeyError(encrypted ? ENCRYPTED : `found ${describe(blocks, text)}, want a PEM "PRIVATE KEY" (${WANTED})`);
  }
  if (block.body.includes(":")) throw new KeyError(ENCRYPTED);
  const type = block.label === "PRIVATE KEY" ? "pkcs8" : "sec1";
  const key = decode(() => createPrivateKey({ key: Buffer.from(block.body, "base64"), format: "der", type }));
  return { curve: curveOf(key), key, publicKey: describePublicKey(createPublicKey(key)) };
}

/** Reads a peer's key: SPKI PEM, or the hex of the PEM text, which is the Hub's form. Throws `KeyError`. */
export function parsePublicKey(text: string): PublicKey {
  const trimmed = text.trim();
  const isHex = trimmed.length % 2 === 0 && /^[0-9a-f]+$/i.test(trimmed);
  const blocks = readPemBlocks(isHex ? Buffer.from(trimmed, "hex").toString("latin1") : trimmed);
  const block = blocks.find(({ label }) => label === "PUBLIC KEY");
  if (block === undefined)
    throw new KeyError(`found ${describe(blocks, trimmed)}, want a PEM "PUBLIC KEY" (${WANTED})`);
  const der = Buffer.from(block.body, "base64");
  return describePublicKey(decode(() => createPublicKey({ key: der, format: "der", type: "spki" })));
}

/** Generates a key pair. The private key is PKCS#8 PEM. */
export function generateKeyPair(curve: Curve): { readonly privatePem: string; readonly publicKey: PublicKey } {
  const pair = generateKeyPairSync("ec", { namedCurve: curve });
  return {
    privatePem: pair.privateKey.export({ format: "pem", type: "pkcs8" }).toString(),
    publicKey: describePublicKey(pair.publicKey),
  };
}

interface PemBlock {
  readonly label: string;
  readonly body: string;
}

/** Also reads PEM whose line breaks are missing or are a literal `\n`, as in environment variables. */
function readPemBlocks(text: string): PemBlock[] {
  if (text.length > MAX_TEXT_LENGTH) throw new KeyError(`found ${text.length} characters, want a PEM key`);
  const blocks = text.replaceAll("\\n", "\n").matchAll(/-----BEGIN ([A-Z0-9 ]+)-----([\s\S]*?)-----END \1-----/g);
  return [...blocks].map(([, label = "", body = ""]) => ({ label, body }));
}

function describe(blocks: readonly PemBlock[], text: string): string {
  if (blocks.length === 0) return text.includes("-----BEGIN ") ? "a PEM text without its end" : "no PEM text";
  return blocks.map(({ label }) => `a PEM "${label}"`).join(" and ");
}

function decode(read: () => KeyObject): KeyObject {
  try {
    return read();
  } catch (error) {
    throw new KeyError(`found a key that cannot be decoded (damaged, or another curve), want ${WANTED}`, {
      cause: error,
    });
  }
}

function curveOf(key: KeyObject): Curve {
  const type = key.asymmetricKeyType ?? "unknown";
  if (type !== "ec") throw new KeyError(`found a key of type ${type}, want ${WANTED}`);
  const name = key.asymmetricKeyDetails?.namedCurve ?? "unknown";
  const curve = CURVES[name];
  if (curve === undefined) throw new KeyError(`found an EC key on curve ${name}, want ${WANTED}`);
  return curve;
}

function describePublicKey(key: KeyObject): PublicKey {
  const curve = curveOf(key);
  const pem = key.export({ format: "pem", type: "spki" }).toString();
  const fingerprint = createHash("sha256")
    .update(key.export({ format: "der", type: "spki" }))
    .digest("hex");
  return { curve, key, pem, hex: Buffer.from(pem).toString("hex"), fingerprint };
}
