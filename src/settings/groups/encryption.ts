import { oneOf, privateKeyPem, text, wholeNumber } from "../schemas.ts";
import type { SettingGroup } from "../setting.ts";

export const ENCRYPTION = {
  CRYPTO__PROVIDER: {
    schema: oneOf("raw", "file"),
    required: true,
    example: "file",
    doc: "Where this node's private key is: `raw` (in the environment) or `file`.",
  },
  CRYPTO__ECDH_PRIVATE_KEY: {
    schema: privateKeyPem,
    required: { name: "CRYPTO__PROVIDER", is: ["raw"] },
    secret: true,
    doc: "The private key as PEM (PKCS#8 or SEC1; P-256, P-384 or P-521); a literal `\\n` means a new line.",
  },
  CRYPTO__ECDH_PRIVATE_KEY_PATH: {
    schema: text,
    required: { name: "CRYPTO__PROVIDER", is: ["file"] },
    example: "/run/secrets/ecdh-private-key.pem",
    doc: "File that holds the private key as PEM.",
  },
  CRYPTO__FRAMING: {
    schema: oneOf("segmented", "single", "bound", "auto"),
    default: "segmented",
    doc: "How intermediates are sealed for sending: `segmented`, `single` (one message) for nodes that run a 2025 release, `bound` once every node reads it, or `auto`: `bound` to nodes that have sent it to this one, `segmented` to others.",
  },
  CRYPTO__ACCEPT: {
    schema: oneOf("any", "bound"),
    default: "any",
    doc: "Which framings are read: `any`, or `bound` alone once every node sends it.",
  },
  CRYPTO__PIN: {
    schema: oneOf("log", "strict"),
    default: "log",
    doc: "What a node's public key that changes on the Hub is: an audit event (`log`), or refused until an operator trusts it by `flame-result peers trust` (`strict`).",
  },
  CRYPTO__KEY_DERIVATION: {
    schema: oneOf("raw", "hkdf"),
    default: "raw",
    doc: "How intermediates are keyed for sending: `raw`, or `hkdf` once every node runs a release that reads it. Both are read.",
  },
  CHUNK_SIZE: {
    schema: wholeNumber(4096, 64 * 1024 * 1024),
    default: "1048576",
    doc: "Bytes of an encrypted segment, 28 of them overhead; must be the same on every node.",
  },
} as const satisfies SettingGroup;
