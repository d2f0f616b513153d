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
 * The look-ups this service makes on the Hub. Ids must be canonical UUIDs: the Hub reads operators into anything else.
 *
 * Every function throws `AppError` with the code `hub_unreachable`, `hub_timeout` (15 s, retries included) or
 * `hub_unexpected` (any status or JSON it does not expect). "Not found" is `undefined`, and only what the Hub said plainly.
 */
export interface HubDirectory {
  /** The project of an analysis. Never changes, so it is cached. */
  findProjectId(analysisId: string): Promise<string | undefined>;
  /** To be called when a project is removed: its analyses are asked for again. */
  forgetProject(projectId: string): void;
  /** Whether the Hub still knows the project. Never cached: deletions hang on it. */
  projectExists(projectId: string): Promise<boolean>;
  /** The analysis' newest bucket of a type. Cached once found; a bucket without a storage bucket counts as not found. */
  findBucket(analysisId: string, type: BucketType): Promise<HubBucket | undefined>;
  /** Cached for a short time, as a node may be given a new key. */
  findNode(nodeId: string): Promise<HubNode | undefined>;
  /** This node's own id, by the identity it signs in with; `undefined` for the `password` flow or when the Hub has none. */
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
  /** The body's exact length where it is known; another one is an error. Up to 1 MiB the request has a Content-Length then. */
  readonly sizeBytes?: number;
}

/**
 * Files in the Hub's buckets. Errors are those of `HubDirectory`, but a transfer may take any time while bytes move; it is
 * given up (`hub_timeout`) when none has moved for 60 s.
 */
export interface HubFiles {
  /**
   * Streams one file up, once: a streamed body cannot be repeated. When the body errors, the multipart message is still
   * ended properly (a broken one kills the Hub's storage process), the partial file is removed, and the body's error is
   * thrown. Resolves with every file the Hub says it has stored, normally one. An error is `uncertain` when the connection was
   * lost on the way: a piece of the file, or all of it, may be there.
   */
  upload(bucketId: string, upload: HubUpload): Promise<readonly HubFile[]>;
  /** Ties a stored file to its analysis; only for buckets that `needsLink`. */
  link(bucket: HubBucket, file: HubFile): Promise<void>;
  /** Whether a link is there already, for when the answer to `link` was lost: a second one would show the file twice. */
  isLinked(bucket: HubBucket, file: HubFile): Promise<boolean>;
  findFile(fileId: string): Promise<HubFile | undefined>;
  /** All files of a bucket, page by page; with names perhaps fewer, but never without one of that name. */
  listFiles(bucketId: string, names?: readonly string[]): AsyncIterable<HubFile>;
  /**
   * The bytes as stored. Where the Hub breaks off, before the given size too, it is asked again, up to three times and only
   * while each time brings bytes that were not there before; what was passed on already comes no second time, and must be
   * the same. Then the stream errors. Cancelling it closes the connection.
   */
  download(fileId: string, sizeBytes?: number): Promise<ReadableStream<Uint8Array> | undefined>;
  /** Resolves with whether the file is gone; a node may usually not remove another node's file. */
  removeFile(fileId: string): Promise<boolean>;
}

export interface Hub extends HubDirectory, HubFiles {}
