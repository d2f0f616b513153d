import type { Context } from "hono";
import type { Authenticator } from "../../identity/authenticator.ts";
import { formatDecimal } from "../../privacy/budget/decimal.ts";
import type { FinalResults } from "../../results/final.ts";
import { findNoiseProblems, parameterNames } from "../../results/noisy-form.ts";
import type { Upload } from "../../results/upload.ts";
import { authenticate } from "../auth.ts";
import { type AppEnv, idleSeconds } from "../env.ts";
import { createRouter } from "../router.ts";
import { readUpload, type UploadFields } from "../upload-form.ts";
import type { UploadTurns } from "../upload-turns.ts";
import type { Urls } from "../urls.ts";
import * as specs from "./final-specs.ts";

export interface FinalRouteDeps {
  readonly authenticator: Authenticator;
  readonly final: FinalResults;
  readonly urls: Urls;
  readonly maxUploadBytes: number;
  readonly stallMs: number;
  readonly turns: UploadTurns;
}

type Submit = (analysisId: string, upload: Upload) => Promise<string | undefined>;

export function finalRoutes({ authenticator, final, urls, maxUploadBytes, stallMs, turns }: FinalRouteDeps) {
  const router = createRouter();
  const middleware = [authenticate(authenticator)];

  async function answerSubmission(c: Context<AppEnv>, submit: Submit, fields: UploadFields) {
    c.env.setIdleTimeout(0);
    const turn = turns.open(c.get("clientId"), c.req.raw);
    try {
      const upload = await readUpload(c.req.raw, { maxFileBytes: maxUploadBytes, stallMs, turn }, fields);
      const submissionId = await submit(c.get("clientId"), upload);
      if (submissionId === undefined) return c.body(null, 204);
      const url = `${urls.base(c.req.raw)}/final/submissions/${submissionId}`;
      return c.json({ submission_id: submissionId, url }, 202);
    } finally {
      turn.release();
      c.env.setIdleTimeout(idleSeconds);
    }
  }

  router.openapi({ ...specs.putFinalResult, middleware }, async (c) => {
    // Whatever the file is: it need not be read.
    final.refusePlain();
    return answerSubmission(c, final.submit, { texts: [] });
  });
  router.openapi({ ...specs.putFinalResultWithLocalDP, middleware }, (c) => {
    return answerSubmission(c, final.submitNoisy, { texts: parameterNames, check: findNoiseProblems });
  });

  router.openapi({ ...specs.getPrivacyBudget, middleware }, async (c) => {
    const { projectId, budget, spent, releases } = await final.findBudget(c.get("clientId"));
    const answer = {
      project_id: projectId,
      epsilon_budget: budget === undefined ? null : formatDecimal(budget),
      epsilon_spent: formatDecimal(spent),
      releases,
    };
    return c.json(answer, 200);
  });

  router.openapi({ ...specs.getSubmission, middleware }, async (c) => {
    const found = await final.find(c.get("clientId"), c.req.valid("param").submission_id);
    const answer = {
      submission_id: found.id,
      status: found.state === "delivering" ? ("queued" as const) : found.state,
      attempts: found.attempts,
      last_error: found.lastError ?? null,
      submitted_at: found.submittedAt.toISOString(),
      delivered_at: found.deliveredAt?.toISOString() ?? null,
    };
    return c.json(answer, 200);
  });

  return router;
}
