/** The space on the disk, in bytes. */
export interface DiskRoom {
  readonly totalBytes: number;
  /** The free space that this user may use. */
  readonly freeBytes: number;
}

const gibibyte = 1024 ** 3;
const leastShare = 0.05;
/** On a large disk 5 % are still a lot, so the limit is never more than this. */
const leastBytes = 10 * gibibyte;

/** Warns the operator of a disk that is nearly full; otherwise gives nothing. */
export function inspectRoom(folder: string, { totalBytes, freeBytes }: DiskRoom): string[] {
  if (freeBytes >= Math.min(totalBytes * leastShare, leastBytes)) return [];
  const percent = totalBytes === 0 ? 0 : Math.floor((100 * freeBytes) / totalBytes);
  const left = `${(freeBytes / gibibyte).toFixed(1)} GiB, ${percent} %`;
  return [
    `The disk of ${folder} is nearly full: ${left} of it are free. Make room there; a full disk refuses every result.`,
  ];
}
