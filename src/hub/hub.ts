export type BucketType = "RESULT" | "TEMP";

/** An analysis' bucket on the Hub. */
export interface HubBucket {
  /** Id of the storage bucket that takes the bytes. */
  readonly bucketId: string;
  /** Id of the row that ties the bucket to its analysis. */
  readonly analysisBucketId: string;
  /** A 2025 Hub (HTTP API up to 0.8.21) learns of a file's analysis only by an explicit link. */
  readonly needsLink: boolean;
}

export interface HubNode {
  readonly id: string;
  /** PEM (SPKI) or its hex as the Hub stores it; `undefined` where the node has none. */
  readonly publicKey: string | undefined;
}

/**
 * The look-ups that this service makes on the Hub. Ids must be canonical UUIDs: the Hub reads operators into anything
 * else.
 *
 * Every function throws `AppError` with the code `hub_unreachable`, `hub_timeout` (15 s, retries included) or
 * `hub_unexpected` (any status or JSON that is not expected). `undefined` means "not found", and only if the Hub
 * clearly said so.
 */
export interface HubDirectory {
  /** The project of an analysis. Never changes, so it is cached. */
  findProjectId(analysisId: string): Promise<string | undefined>;
  /** Call it when a project is removed: its analyses are then looked up again. */
  forgetProject(projectId: string): void;
  /** Whether the Hub still knows the project. Never cached, because deletions depend on it. */
  projectExists(projectId: string): Promise<boolean>;
  /** The analysis' newest bucket of a type. Cached once found; a bucket without a storage bucket counts as not found. */
  findBucket(analysisId: string, type: BucketType): Promise<HubBucket | undefined>;
  /** Cached for a short time, because a node may get a new key. */
  findNode(nodeId: string): Promise<HubNode | undefined>;
  /**
   * This node's own id, found by the identity that it signs in with; `undefined` for the `password` flow or when the
   * Hub has none.
   */
  findOwnNodeId(): Promise<string | undefined>;
}

/** A file in a storage bucket of the Hub. */
export interface HubFile {
  readonly id: string;
  readonly bucketId: string;
  /** Base name. */
  readonly name: string;
  /** The name as sent; unique within its bucket. */
  readonly path: string;
  readonly sizeBytes: number;
}

export interface HubUpload {
  /** May contain `/`; must not exist in the bucket yet. */
  readonly path: string;
  readonly contentType: string;
  readonly body: ReadableStream<Uint8Array>;
  /**
   * The body's exact length, if known; any other length is an error. Up to 1 MiB, the request then has a
   * Content-Length.
   */
  readonly sizeBytes?: number;
}

/**
 * Files in the Hub's buckets. Errors are those of `HubDirectory`, but a transfer may take any time while bytes move: it
 * fails with `hub_timeout` when none has moved for 60 s.
 */
export interface HubFiles {
  /**
   * Uploads one file as a stream. The request can be repeated only while no more than 1 MiB of the body was read. When
   * the body errors, the multipart message is still ended properly (a broken one kills the Hub's storage process), the
   * partial file is removed, and the body's error is thrown. Resolves with every file that the Hub says it has stored,
   * normally one. An error is `uncertain` when the connection was lost on the way: the Hub may have a piece of the
   * file, or all of it.
   */
  upload(bucketId: string, upload: HubUpload): Promise<readonly HubFile[]>;
  /** Links a stored file to its analysis; only for buckets that `needsLink`. */
  link(bucket: HubBucket, file: HubFile): Promise<void>;
  /**
   * Whether the file is linked already. For use after the response to `link` was lost: a second link would show the
   * file twice.
   */
  isLinked(bucket: HubBucket, file: HubFile): Promise<boolean>;
  findFile(fileId: string): Promise<HubFile | undefined>;
  /** All files of a bucket, page by page. With names it may leave out files with other names. */
  listFiles(bucketId: string, names?: readonly string[]): AsyncIterable<HubFile>;
  /**
   * The bytes as stored. If the Hub breaks off, or ends before the given size, the file is requested again, up to three
   * times and only while each time brings new bytes. Bytes that were already passed on are skipped, and must be the
   * same. After that the stream ends as the last response did: with an error, or too early. Cancelling it closes the
   * connection.
   */
  download(fileId: string, sizeBytes?: number): Promise<ReadableStream<Uint8Array> | undefined>;
  /** Resolves with whether the file is gone. The Hub usually does not let a node remove another node's file. */
  removeFile(fileId: string): Promise<boolean>;
}

export interface Hub extends HubDirectory, HubFiles {}
