import type { Log } from "../../log.ts";

export interface S3Options {
  /** Scheme, host and port, such as `http://minio:9000`. */
  readonly endpoint: string;
  readonly region: string;
  readonly bucket: string;
  readonly accessKey: string;
  readonly secretKey: string;
  /** How long the store may move no byte before the request fails; 60 s by default. */
  readonly idleMs?: number;
  /** Milliseconds of a monotonic clock. */
  readonly now?: () => number;
  readonly log?: Log;
}

export const defaultIdleMs = 60_000;
