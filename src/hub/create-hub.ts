import type { Log } from "../log.ts";
import { createCoreReader } from "./core-reader.ts";
import { createDownload } from "./download.ts";
import { createFileRecords } from "./file-records.ts";
import type { Hub } from "./hub.ts";
import { createHubDirectory } from "./hub-directory.ts";
import { createSession } from "./session.ts";
import type { SignIn } from "./sign-in.ts";
import { createTokenSource } from "./token.ts";
import type { Outbound } from "./transport/outbound.ts";
import { createUpload } from "./upload-file.ts";

export interface HubOptions {
  /** Base URLs; they may have a path. */
  readonly authUrl: string;
  readonly coreUrl: string;
  readonly storageUrl: string;
  readonly signIn: SignIn;
  readonly outbound: Outbound;
  /** How long the project and the buckets of an analysis are cached; 0 = not at all. */
  readonly cacheSeconds: number;
  /** Milliseconds of a monotonic clock. */
  readonly now: () => number;
  /**
   * Milliseconds of the wall clock. It goes on while a machine is suspended, when the monotonic clock stands still.
   * Default: `now`.
   */
  readonly wallNow?: () => number;
  readonly log: Log;
  /** Time limit of a look-up or sign-in, retries included. Default: 15 s. */
  readonly limitMs?: number;
  /** How long an upload waits for its source. Default: 90 s. */
  readonly sourceIdleMs?: number;
  readonly newBoundary?: () => string;
}

/** The Hub of any generation: the form of each response decides how it is read. */
export function createHub(options: HubOptions): Hub {
  const { outbound, signIn, cacheSeconds, now, log, limitMs = 15_000, sourceIdleMs = 90_000 } = options;
  const authUrl = trimSlash(options.authUrl);
  const coreUrl = trimSlash(options.coreUrl);
  const storageUrl = trimSlash(options.storageUrl);
  const tokens = createTokenSource({ authUrl, signIn, outbound, limitMs, now, wallNow: options.wallNow ?? now, log });
  const session = createSession({ tokens, limitMs, now, log });
  const newBoundary = options.newBoundary ?? (() => crypto.randomUUID());
  const core = createCoreReader({ coreUrl, outbound, session, limitMs });
  const records = createFileRecords({ coreUrl, storageUrl, outbound, session, limitMs, log });
  const { removeFile } = records;
  return {
    ...createHubDirectory({ core, signIn, cacheSeconds, now }),
    ...records,
    upload: createUpload({ storageUrl, outbound, session, sourceIdleMs, newBoundary, removeFile, log }),
    download: createDownload({ storageUrl, outbound, session, log }),
  };
}

function trimSlash(url: string): string {
  return url.replace(/\/+$/, "");
}
