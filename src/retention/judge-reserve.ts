import type { Grant, Reserve } from "./reservations.ts";

export interface Used {
  /** Bytes that the project has stored, and that its other uploads have reserved. */
  readonly projectBytes: number;
  readonly nodeBytes: number;
  /** Bytes that this upload has already reserved. */
  readonly ownBytes: number;
}

/** Decides on a reservation. If it exceeds both quotas, the result names the project's. */
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
