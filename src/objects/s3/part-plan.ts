import { AppError } from "../../errors.ts";

const mebibyte = 1024 * 1024;
export const maxParts = 10_000;
const maxPartBytes = 64 * mebibyte;
const minPartBytes = 5 * mebibyte;
const unknownSizePartBytes = 16 * mebibyte;
const maxQueuedBytes = 32 * mebibyte;
/** More parts in flight were not faster on loopback, and every part costs its size twice in memory (measured). */
const maxQueue = 2;
/** More uploads than this at once keep a store busy with one part each. */
const manyUploads = 4;

export interface PartPlan {
  readonly partSize: number;
  /** How many parts are in memory at a time, filled or being sent. */
  readonly queueSize: number;
}

/**
 * Plans parts that are large enough for S3's limit of 10,000, and otherwise as small as S3 allows: memory use grows
 * with the part size, so it must not grow with the size that a client announces. Throws `too_large` if the file would
 * not fit.
 */
export function planParts(maxBytes: number | undefined, uploadsAtOnce = 1): PartPlan {
  const needed = maxBytes === undefined ? unknownSizePartBytes : Math.ceil(maxBytes / maxParts / mebibyte) * mebibyte;
  if (needed > maxPartBytes) throw tooLargeForParts(maxPartBytes);
  const partSize = Math.max(minPartBytes, needed);
  const wanted = uploadsAtOnce > manyUploads ? 1 : maxQueue;
  return { partSize, queueSize: Math.max(1, Math.min(wanted, Math.floor(maxQueuedBytes / partSize))) };
}

/** How many times as much memory as an ordinary upload an upload of this size takes. */
export function uploadWeight(maxBytes: number | undefined): number {
  const partSize = maxBytes !== undefined && maxBytes > maxParts * maxPartBytes ? 0 : planParts(maxBytes).partSize;
  return Math.max(1, Math.round(partSize / minPartBytes));
}

export function tooLargeForParts(partSize: number): AppError {
  return new AppError("too_large", `The file is larger than the ${maxParts * partSize} bytes allowed here`);
}
