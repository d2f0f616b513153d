import { expect, test } from "bun:test";
import { findMemoryLimit } from "../../src/app/memory-limit.ts";
import { countTurns } from "../../src/app/upload-turns.ts";

const gibibyte = 1024 ** 3;
const filesOf = (files: Record<string, string>) => (path: string) => files[path];

test.each([
  ["nothing is limited", {}, 8 * gibibyte],
  ["cgroup v2", { "/proc/self/cgroup": "0::/\n", "/sys/fs/cgroup/memory.max": `${gibibyte}\n` }, gibibyte],
  ["cgroup v2 without a limit", { "/proc/self/cgroup": "0::/\n", "/sys/fs/cgroup/memory.max": "max\n" }, 8 * gibibyte],
  [
    "a group above",
    {
      "/proc/self/cgroup": "0::/pod/box\n",
      "/sys/fs/cgroup/pod/box/memory.max": "max\n",
      "/sys/fs/cgroup/pod/memory.max": `${gibibyte}\n`,
    },
    gibibyte,
  ],
  [
    "cgroup v1, whose path is not there inside of the container",
    {
      "/proc/self/cgroup": "5:cpu:/docker/1\n4:memory:/docker/1\n0::/\n",
      "/sys/fs/cgroup/memory/memory.limit_in_bytes": `${gibibyte}\n`,
    },
    gibibyte,
  ],
  [
    "cgroup v1 without a limit",
    { "/proc/self/cgroup": "4:memory:/\n", "/sys/fs/cgroup/memory/memory.limit_in_bytes": "9223372036854771712\n" },
    8 * gibibyte,
  ],
  [
    "prlimit --data, of which much is reserved and little used",
    {
      "/proc/self/limits": `Max data size             ${gibibyte}           unlimited            bytes\n`,
      "/proc/self/status": "VmRSS:\t   65536 kB\nVmData:\t  524288 kB\n",
    },
    gibibyte / 2 + 64 * 1024 ** 2,
  ],
])("the memory that may be used where %s", (_, files: Record<string, string>, expected) => {
  expect(findMemoryLimit(filesOf(files), 8 * gibibyte)).toBe(expected);
});

test("there are always turns, and more where there is more memory", () => {
  for (const kind of ["directory", "s3+postgres"] as const) {
    const counts = [0, 512 * 1024 ** 2, gibibyte, 4 * gibibyte, 1024 * gibibyte].map((bytes) =>
      countTurns(bytes, kind),
    );
    expect(counts).toEqual(counts.toSorted((a, b) => a - b));
    expect(counts[0]).toBeGreaterThanOrEqual(2);
    expect(counts[1]).toBeLessThan(counts[2] ?? 0);
  }
});
