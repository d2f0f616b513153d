import type { ProjectUsage } from "../../retention/usage-book.ts";
import { requireOperator } from "../operator-auth.ts";
import { createRouter } from "../router.ts";
import type { OperatorRouteDeps } from "./operator-deps.ts";
import * as specs from "./operator-usage-specs.ts";

export function operatorUsageRoutes({ operator }: OperatorRouteDeps) {
  const router = createRouter();
  const middleware = [requireOperator(() => operator.operators)];

  router.openapi({ ...specs.getUsage, middleware }, async (c) => {
    const { cursor, limit } = c.req.valid("query");
    const offset = /^\d{1,9}$/.test(cursor ?? "") ? Number(cursor) : 0;
    const { node, items, days, listing } = await operator.usage.read(offset, limit);
    const { projectBytes, nodeBytes } = operator.usage.limits;
    const end = offset + items.length;
    const answer = {
      items: items.map((project) => describe(project, projectBytes)),
      next_cursor: end < node.projects && items.length > 0 ? String(end) : null,
      total: node.projects,
      node: {
        bytes: node.bytes,
        objects: node.objects,
        projects: node.projects,
        reserved_bytes: node.reservedBytes,
        waiting_bytes: node.waitingBytes,
        quota_bytes: limitOf(nodeBytes),
      },
      days: [...days],
      listing: listing ?? null,
    };
    return c.json(answer, 200);
  });

  router.openapi({ ...specs.previewRetention, middleware }, async (c) => {
    const { project_id: projectId, cursor, limit } = c.req.valid("query");
    const { rules, previewUntil, items, due, total, next } = await operator.retention.list(projectId, cursor, limit);
    const answer = {
      items: items.map((item) => ({
        project_id: item.projectId,
        object_id: item.objectId,
        bytes: item.sizeBytes,
        stored_at: item.storedAt.toISOString(),
        tags: [...item.tags].sort(),
        goes_at: item.goesAt.toISOString(),
      })),
      next_cursor: next ?? null,
      total,
      rules: {
        untagged_days: rules.untaggedDays,
        tagged_days: rules.taggedDays,
        tags: rules.tags.map((rule) => ({ ...rule })),
      },
      preview_until: previewUntil?.toISOString() ?? null,
      due: { ...due },
    };
    return c.json(answer, 200);
  });

  return router;
}

function describe({ projectId, bytes, objects, expiring }: ProjectUsage, quotaBytes: number) {
  return {
    project_id: projectId,
    bytes,
    objects,
    quota_bytes: limitOf(quotaBytes),
    expiring:
      expiring === undefined
        ? null
        : {
            bytes: expiring.bytes,
            objects: expiring.objects,
            due_bytes: expiring.due.bytes,
            due_objects: expiring.due.objects,
          },
  };
}

/** A limit as the response shows it: 0 means no limit, shown as null. */
export function limitOf(bytes: number): number | null {
  return bytes === 0 ? null : bytes;
}
