import { LRUCache } from "lru-cache";
import type { Spool } from "../streams/spool.ts";
import { OVERHEAD_BYTES } from "./aes-gcm.ts";
import { encodeContext } from "./bound/context.ts";
import { sealBound } from "./bound/seal.ts";
import { boundSealedSize } from "./bound/size.ts";
import { type Framing, sealedSize } from "./framing.ts";
import type { PrivateKey } from "./keys.ts";
import type { NodeCipher } from "./node-cipher.ts";
import { openStream } from "./open.ts";
import { sealStream } from "./seal.ts";
import { agreeOnKeys, type KeyDerivation, listKeys, type SharedKeys } from "./shared-keys.ts";

/** Far more than a federation has nodes. */
const CACHED_PEERS = 256;

export interface NodeCipherDependencies {
  readonly privateKey: PrivateKey;
  /** The framing that `seal` writes. `bound.seal` always writes the bound framing. */
  readonly framing: Framing;
  /** The derivation of the key that `seal` uses. `open` tries all. */
  readonly keyDerivation: KeyDerivation;
  /** The length of a sealed segment. It must be the same on both nodes. */
  readonly chunkBytes: number;
  /** `bound` refuses files in older framings. */
  readonly accept: "any" | "bound";
  readonly spool: Pick<Spool, "write">;
  /** Cryptographically secure; makes the IVs. */
  readonly randomBytes: (length: number) => Uint8Array;
}

/** Creates the `NodeCipher` for this node's ECDH key. Throws `RangeError` if a segment has no room for plaintext. */
export function createNodeCipher(dependencies: NodeCipherDependencies): NodeCipher {
  const { privateKey, framing, keyDerivation, chunkBytes, accept, spool, randomBytes } = dependencies;
  if (!Number.isSafeInteger(chunkBytes) || chunkBytes <= OVERHEAD_BYTES) {
    throw new RangeError(`A segment needs more than ${OVERHEAD_BYTES} bytes, got ${chunkBytes}`);
  }
  const sharedKeys = new LRUCache<string, SharedKeys>({ max: CACHED_PEERS });

  function keysWith(peerPublicKey: string): SharedKeys {
    const cached = sharedKeys.get(peerPublicKey);
    if (cached !== undefined) return cached;
    const agreed = agreeOnKeys(privateKey, peerPublicKey);
    sharedKeys.set(peerPublicKey, agreed);
    return agreed;
  }

  async function seal(plain: ReadableStream<Uint8Array>, peerPublicKey: string) {
    const key = (await cancelOnFailure(plain, () => keysWith(peerPublicKey)))[keyDerivation];
    return sealStream(plain, { key, framing, chunkBytes, randomBytes });
  }

  return {
    sealedSize: (plainBytes) => sealedSize(framing, plainBytes, chunkBytes),
    seal,
    bound: {
      sealedSize: boundSealedSize,
      seal: (plain, peerPublicKey, binding) =>
        cancelOnFailure(plain, () => {
          const context = encodeContext(binding);
          return sealBound(plain, { inputKey: keysWith(peerPublicKey).bound, context, randomBytes });
        }),
    },
    async open(sealed, { peerPublicKey, ...source }) {
      const shared = await cancelOnFailure(sealed, () => keysWith(peerPublicKey));
      const bound = { ...source, inputKey: shared.bound, isRequired: accept === "bound" };
      const { sealedBytes, onFraming } = source;
      return openStream(sealed, { keys: listKeys(shared), chunkBytes, sealedBytes, spool, onFraming, bound });
    },
  };
}

async function cancelOnFailure<T>(stream: ReadableStream<Uint8Array>, work: () => T): Promise<T> {
  try {
    return work();
  } catch (error) {
    await stream.cancel(error).catch(() => {});
    throw error;
  }
}
