import { describeEntry } from "../../record/describe-entry.ts";
import { pullStream } from "../../streams/pull-stream.ts";
import { requireOperator } from "../operator-auth.ts";
import { createRouter } from "../router.ts";
import type { OperatorRouteDeps } from "./operator-deps.ts";
import * as specs from "./operator-record-specs.ts";

const contentTypes = { jsonl: "application/jsonl", csv: "text/csv; charset=utf-8" } as const;

export function operatorRecordRoutes({ operator }: OperatorRouteDeps) {
  const router = createRouter();
  const middleware = [requireOperator(() => operator.operators)];

  router.openapi({ ...specs.listRecord, middleware }, async (c) => {
    const { cursor, limit, ...query } = c.req.valid("query");
    const before = cursor === undefined ? undefined : Number(cursor);
    const page = await operator.record.list(c.get("operator").name, filterOf(query), before, limit);
    const { entries, next, total } = page;
    return c.json({ items: entries.map(describeEntry), next_cursor: next?.toString() ?? null, total }, 200);
  });

  router.openapi({ ...specs.exportRecord, middleware }, async (c) => {
    const { format, ...query } = c.req.valid("query");
    const lines = await operator.record.export(c.get("operator").name, filterOf(query), format);
    return new Response(bytesOf(lines), {
      headers: {
        "Content-Type": contentTypes[format],
        "Content-Disposition": `attachment; filename="record.${format}"`,
        "X-Content-Type-Options": "nosniff",
      },
    });
  });

  router.openapi({ ...specs.verifyRecord, middleware }, async (c) => {
    const { rows, firstSequence, head, broken } = await operator.record.verify(c.req.valid("query"));
    const answer = {
      intact: broken === undefined,
      rows,
      first_sequence: firstSequence ?? null,
      head: head ?? null,
      broken: broken ?? null,
    };
    return c.json(answer, 200);
  });

  return router;
}

function bytesOf(texts: AsyncGenerator<string>): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  async function* encode(): AsyncGenerator<Uint8Array, void, void> {
    for await (const text of texts) yield encoder.encode(text);
  }
  return pullStream(encode(), async () => void (await texts.return(undefined)));
}

interface Query {
  readonly event?: Parameters<OperatorRouteDeps["operator"]["record"]["list"]>[1]["event"];
  readonly project_id?: string | undefined;
  readonly analysis_id?: string | undefined;
  readonly from?: Date | undefined;
  readonly to?: Date | undefined;
}

function filterOf({ event, project_id: projectId, analysis_id: analysisId, from, to }: Query) {
  return { event, projectId, analysisId, from, to };
}
