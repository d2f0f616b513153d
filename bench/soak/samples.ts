import { readdirSync, readlinkSync } from "node:fs";
import { memoryOf } from "../harness/process.ts";

export interface Sample {
  /** Since the start. */
  readonly seconds: number;
  /** Resident, in MiB. */
  readonly memory: number;
  readonly descriptors: number;
  readonly sockets: number;
}

export function takeSample(pid: number, seconds: number): Sample {
  const folder = `/proc/${pid}/fd`;
  const links = readdirSync(folder).map((name) => linkOf(`${folder}/${name}`));
  const sockets = links.filter((link) => link.startsWith("socket:")).length;
  return { seconds, memory: memoryOf(pid), descriptors: links.length, sockets };
}

/** Empty for one that was closed meanwhile. */
function linkOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return "";
  }
}

/** MiB an hour over the last three quarters, by least squares: the first quarter is for warming up. */
export function memorySlope(samples: readonly Sample[]): number {
  const used = samples.slice(Math.floor(samples.length / 4));
  const mean = (of: (sample: Sample) => number) => used.reduce((sum, sample) => sum + of(sample), 0) / used.length;
  const [meanTime, meanMemory] = [mean(({ seconds }) => seconds), mean(({ memory }) => memory)];
  const covariance = mean(({ seconds, memory }) => (seconds - meanTime) * (memory - meanMemory));
  return (covariance / mean(({ seconds }) => (seconds - meanTime) ** 2)) * 3600;
}
