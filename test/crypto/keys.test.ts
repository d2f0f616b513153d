import { describe, expect, test } from "bun:test";
import { createPrivateKey, generateKeyPairSync } from "node:crypto";
import { type Curve, generateKeyPair, KeyError, parsePrivateKey, parsePublicKey } from "../../src/crypto/keys.ts";
import { getVector, vectors } from "./vectors.ts";

const sample = getVector("p384-single-1").sender;

function messageOf(parse: () => unknown): string {
  try {
    parse();
  } catch (error) {
    if (error instanceof KeyError) return error.message;
    throw error;
  }
  throw new Error("The key was accepted");
}

function publicPemOf(type: "rsa" | "ed25519" | "P-224"): string {
  const pair =
    type === "rsa"
      ? generateKeyPairSync("rsa", { modulusLength: 1024 })
      : type === "ed25519"
        ? generateKeyPairSync("ed25519")
        : generateKeyPairSync("ec", { namedCurve: "P-224" });
  return pair.publicKey.export({ format: "pem", type: "spki" }).toString();
}

describe.each(vectors.map(({ name, curve, sender }) => ({ name, curve, sender })))("keys of $name", (vector) => {
  const { curve, sender } = vector;

  test("PKCS#8 and SEC1 give the same key and public half", () => {
    for (const pem of [sender.pkcs8, sender.sec1]) {
      const { curve: found, publicKey } = parsePrivateKey(pem);
      expect(found).toBe(curve as Curve);
      expect(publicKey.pem).toBe(sender.publicPem);
      expect(publicKey.hex).toBe(sender.publicHex);
    }
  });

  test("a public key reads the same from PEM and from the Hub's hex", () => {
    const fromPem = parsePublicKey(sender.publicPem);
    const fromHex = parsePublicKey(sender.publicHex);
    expect(fromHex.curve).toBe(curve as Curve);
    expect(fromHex.fingerprint).toBe(fromPem.fingerprint);
    expect(parsePublicKey(sender.publicHex.toUpperCase()).fingerprint).toBe(fromPem.fingerprint);
  });
});

test("keys survive what environment variables do to line breaks", () => {
  const { fingerprint } = parsePublicKey(sample.publicPem);
  for (const breakAs of ["\\n", "\r\n", " ", ""]) {
    const text = ` ${sample.pkcs8.replaceAll("\n", breakAs)}\n`;
    expect(parsePrivateKey(text).publicKey.fingerprint).toBe(fingerprint);
    expect(parsePublicKey(sample.publicPem.replaceAll("\n", breakAs)).fingerprint).toBe(fingerprint);
  }
});

test("the EC PARAMETERS block that openssl writes before a key is passed over", () => {
  const pem = `-----BEGIN EC PARAMETERS-----\nBgUrgQQAIg==\n-----END EC PARAMETERS-----\n${sample.sec1}`;
  expect(parsePrivateKey(pem).publicKey.pem).toBe(sample.publicPem);
});

test("the fingerprint is the SHA-256 of the SPKI DER", () => {
  const der = Buffer.from(sample.publicPem.replace(/-----[A-Z ]+-----/g, ""), "base64");
  expect(parsePublicKey(sample.publicPem).fingerprint).toBe(new Bun.CryptoHasher("sha256").update(der).digest("hex"));
});

test.each(["P-256", "P-384", "P-521"] as const)("a generated key on %s reads back as itself", (curve) => {
  const { privatePem, publicKey } = generateKeyPair(curve);
  expect(privatePem).toStartWith("-----BEGIN PRIVATE KEY-----\n");
  const parsed = parsePrivateKey(privatePem);
  expect(parsed.curve).toBe(curve);
  expect(parsed.publicKey.fingerprint).toBe(publicKey.fingerprint);
  expect(generateKeyPair(curve).publicKey.fingerprint).not.toBe(publicKey.fingerprint);
});

describe("what is no usable key is named", () => {
  const encrypted = (type: "pkcs8" | "sec1") =>
    createPrivateKey(sample.pkcs8)
      .export({ format: "pem", type, cipher: "aes-256-cbc", passphrase: "secret" })
      .toString();

  test.each([
    ["nothing", "", "no PEM text"],
    ["prose", "my key", "no PEM text"],
    ["a public key", sample.publicPem, 'found a PEM "PUBLIC KEY"'],
    ["a passphrase (PKCS#8)", encrypted("pkcs8"), "protected by a passphrase"],
    [
      "a passphrase (SEC1)",
      `-----BEGIN EC PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,03FA\n\nAAAA\n-----END EC PRIVATE KEY-----`,
      "protected by a passphrase",
    ],
    ["damaged text", sample.pkcs8.replace(/\n.{20}/, "\n"), "cannot be decoded"],
    [
      "an RSA key",
      generateKeyPairSync("rsa", { modulusLength: 1024 })
        .privateKey.export({ format: "pem", type: "pkcs8" })
        .toString(),
      "type rsa",
    ],
    ["a huge text", "x".repeat(100_000), "100000 characters"],
  ])("as a private key: %s", (_what, text, expected) => {
    const message = messageOf(() => parsePrivateKey(text));
    expect(message).toContain(expected);
    expect(message).toContain("want");
  });

  test.each([
    ["nothing", "", "no PEM text"],
    ["hex of prose", "abcdef", "no PEM text"],
    ["a private key", sample.pkcs8, 'found a PEM "PRIVATE KEY"'],
    ["an RSA key", publicPemOf("rsa"), "type rsa"],
    ["an Ed25519 key", publicPemOf("ed25519"), "type ed25519"],
    ["another curve", publicPemOf("P-224"), "secp224r1"],
    ["a point off the curve", sample.publicPem.replace(/.{4}\n-----END/, "AAAA\n-----END"), "cannot be decoded"],
    ["a huge text", "ab".repeat(100_000), "100000 characters"],
  ])("as a public key: %s", (_what, text, expected) => {
    expect(messageOf(() => parsePublicKey(text))).toContain(expected);
  });

  test("without giving the key away", () => {
    const message = messageOf(() => parsePublicKey(sample.pkcs8));
    expect(message).not.toContain(sample.pkcs8.split("\n")[1] ?? "");
  });
});
