/** Of the disk, in bytes. */
export interface DiskRoom {
  readonly totalBytes: number;
  /** What is left for this user. */
  readonly freeBytes: number;
}

const gibibyte = 1024 ** 3;
const leastShare = 0.05;
/** Of a large disk five hundredths are still a lot. */
const leastBytes = 10 * gibibyte;

/** What an operator should know of a disk that will soon take nothing more. */
export function inspectRoom(folder: string, { totalBytes, freeBytes }: DiskRoom): string[] {
  if (freeBytes >= Math.min(totalBytes * leastShare, leastBytes)) return [];
  const percent = totalBytes === 0 ? 0 : Math.floor((100 * freeBytes) / totalBytes);
  const left = `${(freeBytes / gibibyte).toFixed(1)} GiB, ${percent} %`;
  return [
    `The disk of ${folder} is nearly full: ${left} of it are free. Make room there; a full disk refuses every result.`,
  ];
}
