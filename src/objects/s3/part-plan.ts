import { AppError } from "../../errors.ts";

const mebibyte = 1024 * 1024;
export const maxParts = 10_000;
const maxPartBytes = 64 * mebibyte;
const minPartBytes = 5 * mebibyte;
const unknownSizePartBytes = 16 * mebibyte;
const maxQueuedBytes = 32 * mebibyte;
/** More in flight gave no more speed on loopback, and every part costs its size twice in memory (measured). */
const maxQueue = 2;
/** So many uploads at once keep a store busy by themselves. */
const manyUploads = 4;

export interface PartPlan {
  readonly partSize: number;
  /** How many parts are held at a time, filled or on their way. */
  readonly queueSize: number;
}

/**
 * Parts large enough for S3's limit of 10,000, and otherwise as small as S3 allows: memory goes with them, so it must not grow
 * with what a client announces. Throws `too_large` for what would not fit.
 */
export function planParts(maxBytes: number | undefined, uploadsAtOnce = 1): PartPlan {
  const needed = maxBytes === undefined ? unknownSizePartBytes : Math.ceil(maxBytes / maxParts / mebibyte) * mebibyte;
  if (needed > maxPartBytes) throw tooLargeForParts(maxPartBytes);
  const partSize = Math.max(minPartBytes, needed);
  const wanted = uploadsAtOnce > manyUploads ? 1 : maxQueue;
  return { partSize, queueSize: Math.max(1, Math.min(wanted, Math.floor(maxQueuedBytes / partSize))) };
}

/** How many times the memory of an ordinary upload one of this size takes. */
export function uploadWeight(maxBytes: number | undefined): number {
  const partSize = maxBytes !== undefined && maxBytes > maxParts * maxPartBytes ? 0 : planParts(maxBytes).partSize;
  return Math.max(1, Math.round(partSize / minPartBytes));
}

export function tooLargeForParts(partSize: number): AppError {
  return new AppError("too_large", `The file is larger than the ${maxParts * partSize} bytes allowed here`);
}
