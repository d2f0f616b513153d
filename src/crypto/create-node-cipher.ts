import { LRUCache } from "lru-cache";
import { AppError } from "../errors.ts";
import type { Spool } from "../streams/spool.ts";
import { OVERHEAD_BYTES } from "./aes-gcm.ts";
import { type Framing, sealedSize } from "./framing.ts";
import { KeyError, type PrivateKey, type PublicKey, parsePublicKey } from "./keys.ts";
import type { NodeCipher } from "./node-cipher.ts";
import { openStream } from "./open.ts";
import { sealStream } from "./seal.ts";

/** Far more than a federation has nodes. */
const CACHED_PEERS = 256;

export interface NodeCipherDependencies {
  readonly privateKey: PrivateKey;
  /** How `seal` writes. */
  readonly framing: Framing;
  /** The length of a sealed segment; must be the same on both nodes. */
  readonly chunkBytes: number;
  readonly spool: Pick<Spool, "write">;
  /** Cryptographically secure; makes the IVs. */
  readonly randomBytes: (length: number) => Uint8Array;
}

/** The `NodeCipher` of this node's ECDH key. Throws `RangeError` when a segment would have no room for a byte. */
export function createNodeCipher(dependencies: NodeCipherDependencies): NodeCipher {
  const { privateKey, framing, chunkBytes, spool, randomBytes } = dependencies;
  if (!Number.isSafeInteger(chunkBytes) || chunkBytes <= OVERHEAD_BYTES) {
    throw new RangeError(`A segment needs more than ${OVERHEAD_BYTES} bytes, got ${chunkBytes}`);
  }
  const sharedKeys = new LRUCache<string, Promise<Uint8Array>>({ max: CACHED_PEERS });

  function sharedKeyWith(peerPublicKey: string): Promise<Uint8Array> {
    const cached = sharedKeys.get(peerPublicKey);
    if (cached !== undefined) return cached;
    const agreed = agreeOnKey(privateKey, peerPublicKey);
    sharedKeys.set(peerPublicKey, agreed);
    agreed.catch(() => sharedKeys.delete(peerPublicKey));
    return agreed;
  }

  async function seal(plain: ReadableStream<Uint8Array>, peerPublicKey: string) {
    const key = await cancelOnFailure(plain, sharedKeyWith(peerPublicKey));
    return sealStream(plain, { key, framing, chunkBytes, randomBytes });
  }

  return {
    sealedSize: (plainBytes) => sealedSize(framing, plainBytes, chunkBytes),
    seal,
    async open(sealed, { peerPublicKey, sealedBytes }) {
      const key = await cancelOnFailure(sealed, sharedKeyWith(peerPublicKey));
      return openStream(sealed, { key, chunkBytes, sealedBytes, spool });
    },
  };
}

async function cancelOnFailure<T>(stream: ReadableStream<Uint8Array>, result: Promise<T>): Promise<T> {
  try {
    return await result;
  } catch (error) {
    await stream.cancel(error).catch(() => {});
    throw error;
  }
}

/** The first 32 bytes of the shared point's x coordinate, without a key derivation function: what the peers expect. */
async function agreeOnKey(privateKey: PrivateKey, peerPublicKey: string): Promise<Uint8Array> {
  const peer = readPeerKey(peerPublicKey);
  if (peer.curve !== privateKey.curve) {
    throw new AppError(
      "invalid_input",
      `The remote node's public key is on curve ${peer.curve}, but this node's key is on curve ${privateKey.curve}`,
    );
  }
  const algorithm = { name: "ECDH", namedCurve: privateKey.curve };
  const own = privateKey.key.toCryptoKey(algorithm, false, ["deriveBits"]);
  const others = peer.key.toCryptoKey(algorithm, false, []);
  return new Uint8Array(await crypto.subtle.deriveBits({ name: "ECDH", public: others }, own, 256));
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
