import { createHash } from "node:crypto";
import type { Log } from "../log.ts";
import { createRecorder, type RunningRecorder } from "../record/create-recorder.ts";
import { createSealer, type Sealer } from "../record/sealer.ts";
import type { Settings } from "../settings/settings.ts";
import type { ContentHash } from "../streams/content-hash.ts";
import type { Storage } from "./storage.ts";

export interface RecordServices {
  readonly recorder: RunningRecorder;
  readonly sealer: Sealer;
  /** Writes the entries that are left to the record and seals them. */
  stop(): Promise<void>;
}

const dayMs = 24 * 3_600_000;

/** Starts the recorder and the sealer. Returns `undefined` and starts nothing if the node keeps no record. */
export function startRecord(
  { record: { isEnabled, keepDays } }: Settings,
  { record: store }: Pick<Storage, "record">,
  { log, requestId }: { readonly log: Log; readonly requestId: () => string | undefined },
): RecordServices | undefined {
  if (!isEnabled) return undefined;
  const recorder = createRecorder({ store, newId: () => crypto.randomUUID(), requestId, log });
  const sealer = createSealer({ store, keepMs: keepDays * dayMs, log });
  sealer.start();
  return {
    recorder,
    sealer,
    async stop() {
      await recorder.close();
      await sealer.stop();
    },
  };
}

export function newSha256(): ContentHash {
  const hash = createHash("sha256");
  return { update: (bytes) => void hash.update(bytes), digest: () => hash.digest("hex") };
}
