import type { ObjectStore } from "../../objects/object-store.ts";
import { type ContentHash, hashOf } from "../../streams/content-hash.ts";
import type { PastDecision, Release } from "../release-store.ts";
import { type FileStart, readStart } from "../stored-file.ts";
import type { Examination, Finding } from "./examination.ts";
import { lookAtFile } from "./look.ts";
import { createPace } from "./pace.ts";

/** `equal` is an earlier decision on a file with the same bytes. Throws only the object store's errors. */
export type Examine = (release: Release, equal: PastDecision | undefined) => Promise<Examination>;

export interface ExamineDeps {
  readonly objects: Pick<ObjectStore, "open" | "stat">;
  readonly newHash: () => ContentHash;
  readonly smallCount: number;
  /** Milliseconds of a monotonic clock. */
  readonly now: () => number;
  readonly limitMs?: number;
  readonly maxBytes?: number;
}

const mebibyte = 1_048_576;

/** Examines one file at a time, so that memory never holds the beginning of more than one file. */
export function createExamine(deps: ExamineDeps): Examine {
  let last: Promise<unknown> = Promise.resolve();
  return (release, equal) => {
    const examined = last.then(() => examine(deps, release, equal));
    last = examined.catch(() => {});
    return examined;
  };
}

async function examine(deps: ExamineDeps, release: Release, equal: PastDecision | undefined): Promise<Examination> {
  const { objects, smallCount, now, limitMs = 2_000, maxBytes = 8 * mebibyte } = deps;
  const found = await readStart(objects, release.id, maxBytes);
  const before = equal === undefined ? [] : [equalFile(equal)];
  if (found === undefined) {
    const missing: Finding = { code: "missing", message: "The file is not here any more." };
    const nothing = { kind: "empty", mediaType: undefined, rows: undefined, columns: undefined } as const;
    return { ...nothing, findings: [missing, ...before], preview: { type: "none" } };
  }
  const { bytes, sizeBytes } = found;
  const isWhole = bytes.length === sizeBytes;
  const pace = createPace(now, limitMs);
  const look = await lookAtFile({ bytes, isWhole, filename: release.filename }, { smallCount, pace });
  const { isPartial, ...examination } = look;
  const changed = (await isOther(deps, release, found, isWhole)) ? [changedFile()] : [];
  const partial = isPartial ? [partlySeen(maxBytes)] : [];
  return { ...examination, findings: [...changed, ...look.findings, ...before, ...partial] };
}

/**
 * Whether the part that was read already shows that the file is not the submitted one. Approving checks the hash of the
 * whole file.
 */
async function isOther({ newHash }: ExamineDeps, release: Release, { bytes, sizeBytes }: FileStart, isWhole: boolean) {
  if (sizeBytes !== release.sizeBytes) return true;
  return isWhole && (await hashOf(new Blob([bytes.slice()]).stream(), newHash())) !== release.sha256;
}

function changedFile(): Finding {
  return { code: "changed", message: "The stored file is not the one that was submitted." };
}

function equalFile({ decision, reviewer, decidedAt, submissionId }: PastDecision): Finding {
  const what = decision === "approved" ? "approved" : "declined";
  const message = `The same bytes were ${what} by ${reviewer.name} at ${decidedAt.toISOString()}, as submission ${submissionId}.`;
  return { code: "equal_file", message };
}

function partlySeen(maxBytes: number): Finding {
  const most = `${maxBytes / mebibyte} MiB`;
  return { code: "partial", message: `Only the beginning was looked at: at most ${most}, for at most two seconds.` };
}
