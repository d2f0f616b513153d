import { createUploadTurns, type UploadTurns } from "../http/upload-turns.ts";
import type { Log } from "../log.ts";
import { uploadWeight } from "../objects/s3/part-plan.ts";
import type { Settings } from "../settings/settings.ts";
import { findMemoryLimit } from "./memory-limit.ts";

const mebibyte = 1024 * 1024;
/** Memory of the process without uploads, with room for downloads and waiting requests. */
const baseBytes = 384 * mebibyte;
/** An estimate of the most memory that an upload takes per turn before the garbage collector frees it. */
const turnBytes = { "s3+postgres": 16 * mebibyte, directory: 6 * mebibyte } as const;
const fewest = { "s3+postgres": 2, directory: 4 } as const;
const most = 256;

/** Creates as many turns as the settings say. Without the setting, their number depends on the available memory. */
export function createTurns({ server, storage }: Settings, log: Log): UploadTurns {
  const memoryBytes = findMemoryLimit();
  const turns = server.uploadsAtOnce ?? countTurns(memoryBytes / server.workers, storage.kind);
  log.debug("uploads.turns", { turns, memoryBytes });
  const weigh = storage.kind === "directory" ? () => 1 : uploadWeight;
  return createUploadTurns({ turns, weigh, now: () => performance.now() });
}

export function countTurns(memoryBytes: number, kind: Settings["storage"]["kind"]): number {
  return Math.min(most, Math.max(fewest[kind], Math.floor((memoryBytes - baseBytes) / turnBytes[kind])));
}
