import { createRoute, z } from "@hono/zod-openapi";
import type { Period } from "../../operators/traffic-counter.ts";
import { requireOperator } from "../operator-auth.ts";
import { createRouter } from "../router.ts";
import { jsonContent } from "../schemas.ts";
import type { OperatorRouteDeps } from "./operator-deps.ts";
import { dateTime, operatorProblems, operatorRoute, wholeNumber } from "./operator-specs.ts";

const state = z.enum(["ok", "degraded", "failed"]);
const volume = z.object({ files: wholeNumber, bytes: wholeNumber }).openapi("Volume");
const period = z.object({ start: dateTime, in: volume, out: volume, stored: volume }).openapi("TrafficPeriod");

const overviewSchema = z
  .object({
    version: z.string(),
    now: dateTime,
    started_at: dateTime,
    readiness: z.object({
      status: state,
      parts: z.array(z.object({ name: z.string(), status: state })),
      warnings: z.array(z.string()),
    }),
    queue: z.object({
      pending: wholeNumber,
      oldest_seconds: z.number(),
      standing_aside: wholeNumber,
      rejected: wholeNumber,
    }),
    record: z.object({
      enabled: z.boolean(),
      rows: wholeNumber,
      unsealed: wholeNumber,
      unsealed_seconds: z.number(),
      head: z.object({ sequence: wholeNumber, hash: z.string() }).nullable(),
    }),
    sessions: wholeNumber,
    traffic: z.object({ by_hour: z.array(period), by_day: z.array(period) }),
    settings: z.array(z.object({ name: z.string(), value: z.string(), is_secret: z.boolean() })),
  })
  .openapi("Overview", { description: "What this node does at this moment" });

const zero = { files: 0, bytes: 0 };
const getOverview = createRoute({
  ...operatorRoute,
  method: "get",
  path: "/operator/overview",
  operationId: "getOperatorOverview",
  summary: "What this node does at this moment",
  description: "Readiness of its parts, traffic by hour and by day, what waits, and its settings with secrets masked.",
  responses: {
    200: jsonContent(overviewSchema, "The overview", {
      version: "0.1.0",
      now: "2026-01-31T12:00:00.000Z",
      started_at: "2026-01-31T08:00:00.000Z",
      readiness: { status: "ok", parts: [{ name: "hub", status: "ok" }], warnings: [] },
      queue: { pending: 0, oldest_seconds: 0, standing_aside: 0, rejected: 0 },
      record: {
        enabled: true,
        rows: 1,
        unsealed: 0,
        unsealed_seconds: 0,
        head: { sequence: 1, hash: "9f".repeat(32) },
      },
      sessions: 1,
      traffic: {
        by_hour: [{ start: "2026-01-31T12:00:00.000Z", in: zero, out: { files: 1, bytes: 20 }, stored: zero }],
        by_day: [{ start: "2026-01-31T00:00:00.000Z", in: zero, out: { files: 1, bytes: 20 }, stored: zero }],
      },
      settings: [{ name: "hub.auth.secret", value: "***", is_secret: true }],
    }),
    ...operatorProblems,
  },
});

export function operatorOverviewRoutes({ operator }: OperatorRouteDeps) {
  const router = createRouter();
  router.openapi({ ...getOverview, middleware: [requireOperator(() => operator.operators)] }, async (c) => {
    const found = await operator.overview();
    const { parts, warnings } = found.readiness;
    const { pending, oldestSeconds, standingAside, rejected } = found.queue;
    const { isEnabled, rows, unsealed, unsealedSeconds, head } = found.record;
    const answer = {
      version: found.version,
      now: found.now.toISOString(),
      started_at: found.startedAt.toISOString(),
      readiness: {
        status: found.status,
        parts: Object.entries(parts).map(([name, status]) => ({ name, status })),
        warnings: [...warnings],
      },
      queue: { pending, oldest_seconds: oldestSeconds, standing_aside: standingAside, rejected },
      record: { enabled: isEnabled, rows, unsealed, unsealed_seconds: unsealedSeconds, head: head ?? null },
      sessions: found.sessions,
      traffic: { by_hour: found.traffic.byHour.map(describe), by_day: found.traffic.byDay.map(describe) },
      settings: found.settings.map(({ name, value, isSecret }) => ({ name, value, is_secret: isSecret })),
    };
    return c.json(answer, 200);
  });
  return router;
}

function describe({ start, in: incoming, out, stored }: Period) {
  return { start: start.toISOString(), in: incoming, out, stored };
}
