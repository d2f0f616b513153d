import type { Context } from "hono";
import type { Authenticator } from "../../identity/authenticator.ts";
import { formatDecimal } from "../../privacy/budget/decimal.ts";
import type { FinalResults } from "../../results/final.ts";
import { findNoiseProblems, parameterNames } from "../../results/noisy-form.ts";
import type { Upload } from "../../results/upload.ts";
import { authenticate } from "../authenticate.ts";
import type { AppEnv } from "../env.ts";
import { createRouter } from "../router.ts";
import { digestOf, type UploadRoute, type Uploads } from "../uploads.ts";
import type { Urls } from "../urls.ts";
import * as specs from "./final-specs.ts";

export interface FinalRouteDeps {
  readonly authenticator: Authenticator;
  readonly final: FinalResults;
  readonly urls: Urls;
  readonly uploads: Uploads;
}

type Submit = (analysisId: string, upload: Upload) => Promise<string | undefined>;

export function finalRoutes({ authenticator, final, urls, uploads }: FinalRouteDeps) {
  const router = createRouter();
  const middleware = [authenticate(authenticator)];

  async function answerSubmission(c: Context<AppEnv>, submit: Submit, route: UploadRoute) {
    return uploads.answer(c, route, async (upload) => {
      const submissionId = await submit(c.get("clientId"), upload);
      if (submissionId === undefined) return c.body(null, 204);
      const url = `${urls.base(c.req.raw)}/final/submissions/${submissionId}`;
      return c.json({ submission_id: submissionId, url, ...digestOf(upload) }, 202);
    });
  }

  router.openapi({ ...specs.putFinalResult, middleware }, async (c) => {
    // Refuse before the file is read: the answer does not depend on it.
    final.refusePlain();
    return answerSubmission(c, final.submit, { route: "PUT /final", texts: [] });
  });
  router.openapi({ ...specs.putFinalResultWithLocalDP, middleware }, (c) => {
    const numbers = { texts: parameterNames, check: findNoiseProblems };
    return answerSubmission(c, final.submitNoisy, { route: "PUT /final/localdp", isSecret: true, ...numbers });
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
