/** Sealed bytes that are damaged, cut, or not meant for this pair of keys. The message is for operators. */
export class DecryptionError extends Error {
  override readonly name = "DecryptionError";
}

export interface SealedSource {
  /** The sender's public key: SPKI PEM, or the hex of its text as the Hub gives it. */
  readonly peerPublicKey: string;
  /** How many bytes the Hub announced; fewer or more of them are a `DecryptionError`. */
  readonly sealedBytes: number;
  /** What a bound file must be bound to; asked for those alone. Without it none is authentic. */
  readonly binding?: (() => Promise<Binding>) | undefined;
  /** The seal in the link to the file; any other file is a `DecryptionError`. */
  readonly seal?: string | undefined;
  /** Asked of files in older framings alone: whether the sender writes bound ones, so that this is a `DecryptionError`. */
  readonly hasMovedOn?: (() => Promise<boolean>) | undefined;
  /** Told once the first of a file is authentic; never of an empty source, which has no framing. */
  readonly onFraming?: ((framing: SeenFraming) => void) | undefined;
}

/** How a file came. One of a single segment is the same in the two older framings, and counts as `segmented`. */
export type SeenFraming = "segmented" | "single" | "bound";

/** What the bound framing ties a file to. All are UUIDs. */
export interface Binding {
  readonly analysisId: string;
  readonly senderNodeId: string;
  readonly receiverNodeId: string;
}

export interface BoundFile {
  readonly body: ReadableStream<Uint8Array>;
  /** 32 hex digits that tell this file from all others of the same analysis, sender and receiver. */
  readonly seal: string;
}

/**
 * Writes the bound framing: C2SP chunked-encryption v1, with a key of the file's own. Here cutting, reordering, repeating
 * and mixing chunks is noticed, and a file taken from another analysis, sender or receiver is not authentic.
 */
export interface BoundSealer {
  sealedSize(plainBytes: number): number;
  /** As `NodeCipher.seal`. */
  seal(plain: ReadableStream<Uint8Array>, peerPublicKey: string, binding: Binding): Promise<BoundFile>;
}

/**
 * Encryption between this node and a peer: AES-256-GCM under a key from their static ECDH secret, derived in one
 * of two ways (`KeyDerivation`): both are read, the cipher's settings say which one is written. A file is
 * `segmented` (cut into pieces that are each sealed by themselves) or one `single` message; both are read, the cipher's
 * settings say which one is written. The bound framing is recognised by its first bytes, and read as well.
 *
 * Every released byte is authentic, and cutting or lengthening a file is noticed where its announced size does not change
 * along with it. What segmented files cannot show, because their segments carry neither number nor end mark: that the Hub
 * dropped, repeated or swapped whole segments and announced the size to match, or mixed in those of another file that the two
 * nodes exchanged in either direction. Under one key at most 2^32 segments may be sealed, as their IVs are
 * random (NIST SP 800-38D §8.3): 4 PiB at 1 MiB each.
 *
 * `seal` and `open` own the stream they are given and cancel it when they fail or when the returned stream is cancelled.
 * They throw `AppError("invalid_input")` when the peer's key cannot be read is on another curve than this node's, or is this node's own. The
 * caller must read the returned stream to its end or cancel it.
 */
export interface NodeCipher {
  /** The exact number of bytes that `seal` makes of so many. */
  sealedSize(plainBytes: number): number;
  /** Encrypts as the reader pulls. The stream fails with the source's own error. */
  seal(plain: ReadableStream<Uint8Array>, peerPublicKey: string): Promise<ReadableStream<Uint8Array>>;
  readonly bound: BoundSealer;
  /**
   * Resolves once the first segment, or all of a single message, is authenticated; throws `DecryptionError` if it is not,
   * the source's own error if that fails first, and `AppError("storage_full")` when a single message longer than a segment
   * finds no room to be set aside (as ciphertext) while it is checked. Damage in a later segment fails the stream with a
   * `DecryptionError`, after a correct prefix. An empty source is an empty file.
   */
  open(sealed: ReadableStream<Uint8Array>, source: SealedSource): Promise<ReadableStream<Uint8Array>>;
}
