import type { z } from "@hono/zod-openapi";
import type { Context } from "hono";
import type { Finding, Preview } from "../../release/findings/examination.ts";
import type { ReleaseContent } from "../../release/read-content.ts";
import type { Decision, PastDecision, Release } from "../../release/release-store.ts";
import type { ReleaseDetails } from "../../release/releases.ts";
import { type AppEnv, idleSeconds } from "../env.ts";
import { limitJson } from "../json-body.ts";
import { attachment } from "../object-response.ts";
import { requireOperator } from "../operator-auth.ts";
import { createRouter } from "../router.ts";
import type { OperatorRouteDeps } from "./operator-deps.ts";
import { note, type releaseDetails, type releaseItem } from "./operator-release-schemas.ts";
import * as specs from "./operator-release-specs.ts";

export function operatorReleaseRoutes({ operator }: OperatorRouteDeps) {
  const router = createRouter();
  const middleware = [requireOperator(() => operator.operators)];
  const deciding = [...middleware, limitJson];
  const shown = (release: Release) => describe(release, operator.releases.reviewers);

  /** No idle limit while this runs: an approval reads the whole file to check its hash, and a request may have many. */
  async function decide(c: Context<AppEnv>, decisions: readonly Decision[]) {
    c.env.setIdleTimeout(0);
    try {
      return await operator.releases.decide(decisions, c.get("operator"));
    } finally {
      c.env.setIdleTimeout(idleSeconds);
    }
  }

  router.openapi({ ...specs.listReleases, middleware }, async (c) => {
    const { status, project_id: projectId, analysis_id: analysisId, order, cursor, limit } = c.req.valid("query");
    const page = await operator.releases.page({ status, projectId, analysisId }, order, cursor, limit);
    return c.json({ items: page.releases.map(shown), next_cursor: page.next ?? null, total: page.total }, 200);
  });

  router.openapi({ ...specs.getRelease, middleware }, async (c) => {
    const details = await operator.releases.examine(c.req.valid("param").submission_id);
    return c.json({ ...shown(details.release), ...describeDetails(details) }, 200);
  });

  router.openapi({ ...specs.getReleaseContent, middleware }, async (c) => {
    const isDownload = c.req.valid("query").download === "1";
    const found = await operator.releases.content(c.req.valid("param").submission_id, isDownload);
    return answerContent(found.content, found.release.filename);
  });

  router.openapi({ ...specs.decideReleases, middleware: deciding }, async (c) => {
    const decisions = c.req.valid("json").decisions.map(({ submission_id: submissionId, decision, sha256, reason }) => {
      const kind = decision === "approve" ? ("approved" as const) : ("declined" as const);
      return { submissionId, kind, sha256, reason: tidy(reason) };
    });
    const items = await decide(c, decisions);
    return c.json({ items: items.map(shown) }, 200);
  });

  async function decideOne(c: Context<AppEnv>, id: string, kind: "approved" | "declined", asked: Asked) {
    const decision = { submissionId: id, kind, sha256: asked.sha256, reason: tidy(asked.reason) };
    const [release] = await decide(c, [decision]);
    return shown(release ?? (await operator.releases.get(id)));
  }

  router.openapi({ ...specs.approveRelease, middleware: deciding }, async (c) => {
    const { submission_id: id } = c.req.valid("param");
    return c.json(await decideOne(c, id, "approved", c.req.valid("json")), 200);
  });

  router.openapi({ ...specs.declineRelease, middleware: deciding }, async (c) => {
    const { submission_id: id } = c.req.valid("param");
    return c.json(await decideOne(c, id, "declined", c.req.valid("json")), 200);
  });

  return router;
}

interface Asked {
  readonly sha256: string;
  readonly reason?: string | null | undefined;
}

/** Cleans a reason so that every database accepts it. An empty text becomes `undefined`. */
function tidy(reason: string | null | undefined): string | undefined {
  return reason?.trim().toWellFormed().replaceAll("\0", "\ufffd") || undefined;
}

function describe(release: Release, reviewers: number): z.input<typeof releaseItem> {
  return {
    submission_id: release.id,
    status: release.state === "delivering" ? "queued" : release.state,
    decision: release.verdict ?? null,
    analysis_id: release.analysisId,
    project_id: release.projectId ?? null,
    name: release.filename,
    content_type: release.contentType,
    bytes: release.sizeBytes,
    sha256: release.sha256,
    submitted_at: release.submittedAt.toISOString(),
    delivered_at: release.deliveredAt?.toISOString() ?? null,
    last_error: release.lastError ?? null,
    approvals_needed: reviewers,
    decisions: release.decisions.map(describeDecision),
  };
}

function describeDecision(past: PastDecision) {
  return {
    submission_id: past.submissionId,
    analysis_id: past.analysisId,
    name: past.filename,
    bytes: past.sizeBytes,
    sha256: past.sha256,
    decision: past.decision,
    by: past.reviewer.name,
    reason: past.reason ?? null,
    at: past.decidedAt.toISOString(),
  };
}

type Details = Omit<z.input<typeof releaseDetails>, keyof z.input<typeof releaseItem>>;

function describeDetails({ examination, earlier, sameName }: ReleaseDetails): Details {
  const { kind, mediaType, rows, columns, findings, preview } = examination;
  return {
    kind,
    media_type: mediaType ?? null,
    rows: rows ?? null,
    columns: columns ?? null,
    findings: findings.map(describeFinding),
    note,
    preview: describePreview(preview),
    earlier_decisions: earlier.map(describeDecision),
    same_name: sameName === undefined ? null : describeDecision(sameName),
  };
}

function describeFinding({ code, message, count, places = [] }: Finding) {
  return {
    code,
    message,
    count: count ?? null,
    places: places.map(({ row, column, path, value }) => {
      return { row: row ?? null, column: column ?? null, path: path ?? null, value: value ?? null };
    }),
  };
}

function describePreview(preview: Preview): Details["preview"] {
  const nothing = { type: preview.type, header: [], rows: [], small_cells: [], text: null, is_cut: false };
  if (preview.type === "text") return { ...nothing, text: preview.text, is_cut: preview.isCut };
  if (preview.type !== "table") return nothing;
  const { header, rows, smallCells, isCut } = preview;
  return {
    ...nothing,
    header: [...header],
    rows: rows.map((row) => [...row]),
    small_cells: smallCells.map((cell) => [...cell]),
    is_cut: isCut,
  };
}

/** Serves a file so that nothing in it can run, neither when a browser shows it nor when it guesses its type. */
function answerContent(content: ReleaseContent, filename: string): Response {
  const saved = attachment(filename);
  const shown = saved.replace(/^attachment/, "inline");
  const headers = (type: string, disposition: string) => ({
    "Content-Type": type,
    "Content-Disposition": disposition,
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "X-Content-Type-Options": "nosniff",
  });
  if (content.as === "text")
    return new Response(content.text, { headers: headers("text/plain; charset=utf-8", shown) });
  if (content.as === "picture") return new Response(content.body, { headers: headers(content.mediaType, shown) });
  return new Response(content.body, { headers: headers("application/octet-stream", saved) });
}
