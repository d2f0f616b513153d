/** The sealed bytes are damaged, cut, or not meant for this pair of keys. The message is for operators. */
export class DecryptionError extends Error {
  override readonly name = "DecryptionError";
}

export interface SealedSource {
  /** The sender's public key: SPKI PEM, or the hex of the PEM text, which is the Hub's form. */
  readonly peerPublicKey: string;
  /** How many bytes the Hub announced. Any other number of bytes is a `DecryptionError`. */
  readonly sealedBytes: number;
  /** The binding that a bound file must have. Called for bound files only; without it no bound file is authentic. */
  readonly binding?: (() => Promise<Binding>) | undefined;
  /** The seal from the link to the file. A file with another seal is a `DecryptionError`. */
  readonly seal?: string | undefined;
  /**
   * Whether the sender writes bound files now. Called for files in older framings only: such a file is then a
   * `DecryptionError`.
   */
  readonly hasMovedOn?: (() => Promise<boolean>) | undefined;
  /** Called once the start of the file is authentic. Never called for an empty source, which has no framing. */
  readonly onFraming?: ((framing: SeenFraming) => void) | undefined;
}

/**
 * The framing of a received file. A file of one segment looks the same in both older framings and counts as
 * `segmented`.
 */
export type SeenFraming = "segmented" | "single" | "bound";

/** What the bound framing binds a file to. All are UUIDs. */
export interface Binding {
  readonly analysisId: string;
  readonly senderNodeId: string;
  readonly receiverNodeId: string;
}

export interface BoundFile {
  readonly body: ReadableStream<Uint8Array>;
  /** 32 hex digits that identify this file among all files of the same analysis, sender and receiver. */
  readonly seal: string;
}

/**
 * Writes the bound framing: C2SP chunked-encryption v1, with a separate key for each file. The reader detects cut,
 * reordered, repeated and mixed chunks. A file from another analysis, sender or receiver is not authentic.
 */
export interface BoundSealer {
  sealedSize(plainBytes: number): number;
  /** Works like `NodeCipher.seal`. */
  seal(plain: ReadableStream<Uint8Array>, peerPublicKey: string, binding: Binding): Promise<BoundFile>;
}

/**
 * Encryption between this node and a peer: AES-256-GCM with a key from their static ECDH secret. The key is derived in
 * one of two ways (`KeyDerivation`). A file is `segmented` (split into pieces, each sealed by itself) or one `single`
 * message. The cipher reads all of these; its settings say which derivation and framing it writes. It recognises the
 * bound framing by its first bytes and reads it as well.
 *
 * Every byte that the cipher returns is authentic. It detects that a file was cut or lengthened, unless the announced
 * size was changed too. Segments carry neither a number nor an end mark. So with segmented files the cipher cannot
 * detect that the Hub dropped, repeated or swapped whole segments and announced a matching size. It cannot detect
 * segments from another file of these two nodes either, in either direction. At most 2^32 segments may be sealed with
 * one key, because their IVs are random (NIST SP 800-38D §8.3): 4 PiB at 1 MiB each.
 *
 * `seal` and `open` own the stream they are given. They cancel it when they fail or when the returned stream is
 * cancelled. They throw `AppError("invalid_input")` if the peer's key cannot be read, is on another curve than this
 * node's, or is this node's own. The caller must read the returned stream to its end or cancel it.
 */
export interface NodeCipher {
  /** The exact number of sealed bytes for this number of plaintext bytes. */
  sealedSize(plainBytes: number): number;
  /** Encrypts while the reader pulls. The stream fails with the source's own error. */
  seal(plain: ReadableStream<Uint8Array>, peerPublicKey: string): Promise<ReadableStream<Uint8Array>>;
  readonly bound: BoundSealer;
  /**
   * Resolves once the first segment, or the whole of a single message, is authenticated. Throws `DecryptionError` if it
   * is not authentic, and the source's own error if the source fails first. A single message longer than a segment is
   * stored on disk (as ciphertext) while it is checked; throws `AppError("storage_full")` if there is no room. Damage
   * in a later segment fails the stream with a `DecryptionError`, after a correct prefix. An empty source is an empty
   * file.
   */
  open(sealed: ReadableStream<Uint8Array>, source: SealedSource): Promise<ReadableStream<Uint8Array>>;
}
