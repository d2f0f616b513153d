import { AppError } from "../errors.ts";
import { bucketMissing } from "../hub/files.ts";
import type { Hub } from "../hub/hub.ts";
import type { Log } from "../log.ts";
import type { BudgetState } from "../privacy/budget/privacy-budget.ts";
import type { LaplaceOptions } from "../privacy/laplace.ts";
import type { Recorder } from "../record/recorder.ts";
import { getSubmission, type NewFinal, type SubmissionQueue } from "../submissions/queue.ts";
import type { Submission } from "../submissions/store/submission-store.ts";
import { within } from "../time/deadline.ts";
import { type Audit, createAudit } from "./audit.ts";
import { sendDirectly } from "./direct-final.ts";
import { readNoisyForm } from "./noisy-form.ts";
import { drawRelease, type NoiseDeps } from "./noisy-release.ts";
import type { ResultBuckets } from "./result-bucket.ts";
import type { Upload } from "./upload.ts";

/**
 * Final results, which go to the Hub. `submit` and `submitNoisy` throw `not_found` for an analysis without a result
 * bucket, `conflict` if the bucket already has a file of that name, and otherwise the error of the step that failed.
 * After an error nothing is kept.
 */
export interface FinalResults {
  /**
   * Resolves with the submission's id when this node has stored it and will deliver it, with `undefined` when the Hub
   * already has it.
   */
  submit(analysisId: string, upload: Upload): Promise<string | undefined>;
  /**
   * Adds noise to the numbers in the file and submits only the result. The true values are never stored, not even for a
   * moment.
   */
  submitNoisy(analysisId: string, upload: Upload): Promise<string | undefined>;
  /** Throws `forbidden` if this node accepts no finals without noise. */
  refusePlain(): void;
  /** The privacy budget of the analysis' project. Throws `not_found` for an analysis that the Hub does not know. */
  findBudget(analysisId: string): Promise<BudgetState>;
  /** Throws `not_found` unless it is a submission of this analysis. */
  find(analysisId: string, submissionId: string): Promise<Submission>;
}

/**
 * How a final came in. `isWithinBudget`: its project has a privacy budget on this node, and the budget paid for the
 * noise.
 */
export interface FinalKind {
  readonly isNoisy: boolean;
  readonly isWithinBudget: boolean;
}

export interface FinalResultsDeps extends NoiseDeps {
  readonly hub: Hub;
  readonly buckets: ResultBuckets;
  readonly queue: SubmissionQueue;
  /** Whether finals are queued while the Hub is unreachable. If not, they are refused then. */
  readonly isQueued: boolean;
  /** Whether operators have to approve a final before it leaves. Default: never. */
  readonly isHeld?: (kind: FinalKind) => boolean;
  /** Whether this node accepts only finals with noise. */
  readonly isNoiseRequired?: boolean;
  /** Missing if this node keeps no record. The queue records its own steps. */
  readonly recorder?: Recorder | undefined;
  readonly log: Log;
}

interface Parts extends FinalResultsDeps {
  readonly audit: Audit;
}

/** How long the Hub may take to name an analysis' project. */
const patienceMs = 3_000;

export function createFinalResults(deps: FinalResultsDeps): FinalResults {
  const { queue, isQueued, isHeld = () => false } = deps;
  const parts: Parts = { ...deps, audit: createAudit(deps.log) };
  const send = isQueued ? sendThroughQueue : sendWithoutQueue;

  return {
    async submit(analysisId, upload) {
      const { filename, contentType, maxBytes } = upload;
      const projectId = isQueued ? await admit(deps, analysisId) : undefined;
      return send(parts, {
        analysisId,
        projectId,
        filename,
        contentType,
        maxBytes,
        isHeld: isHeld({ isNoisy: false, isWithinBudget: false }),
        body: upload.body,
        measure: upload.measure,
        attempt: upload.attempt,
        kept: upload.kept,
      });
    },

    async submitNoisy(analysisId, upload) {
      const { filename } = upload;
      const form = await readNoisyForm(upload);
      if (!form.isList) upload.kept();
      await deps.recorder?.prove();
      const known = isQueued ? await admit(deps, analysisId) : await admitDirectly(deps, analysisId);
      const { content, contentType, projectId, isWithinBudget } = await drawRelease(deps, form, {
        analysisId,
        projectId: known,
      });
      const body = new Blob([content]).stream();
      const held = isHeld({ isNoisy: true, isWithinBudget });
      const size = { maxBytes: content.byteLength, kept: upload.kept };
      const final = { analysisId, projectId, filename, contentType, ...size, isHeld: held, body };
      return released(parts, analysisId, form.options, () => send(parts, { ...final, attempt: upload.attempt }));
    },

    refusePlain() {
      if (!deps.isNoiseRequired) return;
      throw new AppError("forbidden", "This node releases final results with differential privacy only.");
    },

    async findBudget(analysisId) {
      const projectId = await deps.hub.findProjectId(analysisId);
      if (projectId === undefined || deps.budget === undefined) {
        throw new AppError("not_found", `Analysis with ID ${analysisId} not found`);
      }
      return deps.budget.find(projectId, analysisId);
    },

    find: (analysisId, submissionId) => getSubmission(queue, analysisId, submissionId),
  };
}

/**
 * Throws `not_found` when the Hub clearly says that the analysis or its bucket does not exist. Resolves with the
 * analysis' project, or with `undefined` if the Hub is unreachable or too slow: that is no reason to refuse a final.
 */
async function admit({ hub, buckets }: FinalResultsDeps, analysisId: string): Promise<string | undefined> {
  let projectId: string | undefined;
  const look = hub.findProjectId(analysisId).then(
    (found) => {
      if (found === undefined) throw bucketMissing(analysisId);
      projectId = found;
    },
    () => {},
  );
  await Promise.all([within(look, patienceMs), buckets.refuseMissing(analysisId)]);
  return projectId;
}

/** As `admit`, but for finals without a queue: the bucket must exist, and only the privacy budget needs the project. */
async function admitDirectly({ hub, buckets, budget }: FinalResultsDeps, id: string): Promise<string | undefined> {
  await buckets.get(id);
  let projectId: string | undefined;
  const look = async () => {
    projectId = await hub.findProjectId(id).catch(() => undefined);
  };
  if (budget !== undefined) await within(look(), patienceMs);
  return projectId;
}

type Send = (parts: Parts, final: NewFinal) => Promise<string | undefined>;

const sendThroughQueue: Send = async ({ queue, audit }, final) => {
  const { analysisId } = final;
  try {
    const { submissionId, sizeBytes, verdict } = await queue.submit(final);
    audit.ok("final.submitted", { analysisId, objectId: submissionId, bytes: sizeBytes, verdict });
    if (verdict === "held") audit.ok("final.held", { analysisId, objectId: submissionId, bytes: sizeBytes });
    return verdict === "delivered" ? undefined : submissionId;
  } catch (error) {
    audit.failed("final.submitted", { analysisId }, error);
    throw error;
  }
};

const sendWithoutQueue: Send = async (parts, final) => {
  const { analysisId } = final;
  const { recorder } = parts;
  const entry = { event: "final.submitted", actor: analysisId, analysisId } as const;
  try {
    await recorder?.prove();
    const bytes = await sendDirectly(parts, final);
    await recorder?.note({ ...entry, bytes, outcome: "ok" });
    await recorder?.note({ ...entry, event: "final.delivered", bytes, outcome: "ok" });
    parts.audit.ok("final.submitted", { analysisId, bytes });
    parts.audit.ok("final.delivered", { analysisId, bytes });
    return undefined;
  } catch (error) {
    await recorder?.note({ ...entry, outcome: "failed" });
    parts.audit.failed("final.submitted", { analysisId }, error);
    throw error;
  }
};

/** Logs a release as soon as the noisy value may have left this node, even if sending it failed. */
async function released<T>(
  { audit }: Parts,
  analysisId: string,
  { epsilon, sensitivity }: LaplaceOptions,
  send: () => Promise<T>,
): Promise<T> {
  const record = () => audit.ok("dp.released", { analysisId, epsilon, sensitivity });
  try {
    const sent = await send();
    record();
    return sent;
  } catch (error) {
    if (error instanceof AppError && error.code.startsWith("hub_")) record();
    throw error;
  }
}
