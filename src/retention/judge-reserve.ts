import type { Grant, Reserve } from "./reservations.ts";

export interface Used {
  /** What the project has stored, and what others of its uploads were promised. */
  readonly projectBytes: number;
  readonly nodeBytes: number;
  /** What this upload was promised before. */
  readonly ownBytes: number;
}

/** Where both quotas are in the way, the answer names the project's. */
export function judgeReserve(request: Reserve, { projectBytes, nodeBytes, ownBytes }: Used): Grant {
  const { bytes, takesLess, projectQuota, nodeQuota } = request;
  const limits = [
    { exceeded: "project", usedBytes: projectBytes, quotaBytes: projectQuota },
    { exceeded: "node", usedBytes: nodeBytes, quotaBytes: nodeQuota },
  ] as const;
  let granted = bytes;
  for (const limit of limits) {
    if (limit.quotaBytes === 0) continue;
    const left = limit.quotaBytes - limit.usedBytes - ownBytes;
    if (takesLess ? left <= 0 : left < bytes) return limit;
    granted = Math.min(granted, left);
  }
  return { granted };
}
