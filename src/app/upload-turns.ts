import { createUploadTurns, type UploadTurns } from "../http/upload-turns.ts";
import type { Log } from "../log.ts";
import { uploadWeight } from "../objects/s3/part-plan.ts";
import type { Settings } from "../settings/settings.ts";
import { findMemoryLimit } from "./memory-limit.ts";

const mebibyte = 1024 * 1024;
/** What the process takes without any upload, with room for downloads and for requests that wait. */
const baseBytes = 384 * mebibyte;
/** What an upload takes at most, per turn, before its memory is collected (an estimate). */
const turnBytes = { "s3+postgres": 16 * mebibyte, directory: 6 * mebibyte } as const;
const fewest = { "s3+postgres": 2, directory: 4 } as const;
const most = 256;

/** As many turns as the settings say, else as many as there is memory for. */
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
