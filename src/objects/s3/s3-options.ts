import type { Log } from "../../log.ts";

export interface S3Options {
  /** Scheme, host and port, such as `http://minio:9000`. */
  readonly endpoint: string;
  readonly region: string;
  readonly bucket: string;
  readonly accessKey: string;
  readonly secretKey: string;
  /** How long the store may move no byte before it is given up; 60 s by default. */
  readonly idleMs?: number;
  /** Milliseconds that go on evenly. */
  readonly now?: () => number;
  readonly log?: Log;
}

export const defaultIdleMs = 60_000;
