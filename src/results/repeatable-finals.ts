import { AppError } from "../errors.ts";
import { type ContentHash, hashOf } from "../streams/content-hash.ts";
import type { SubmissionQueue } from "../submissions/queue.ts";
import type { Submission } from "../submissions/store/submission-store.ts";
import type { FinalResults } from "./final.ts";
import type { Upload } from "./upload.ts";

export interface RepeatableFinalsDeps {
  readonly queue: Pick<SubmissionQueue, "find">;
  readonly newHash: () => ContentHash;
}

/**
 * Wraps `final` for requests that may be repeated. An earlier attempt may have submitted the final before its process
 * died and could respond. Such a final is not submitted again: the Hub may have it, and its noisy number would be
 * released twice.
 */
export function repeatableFinals(final: FinalResults, { queue, newHash }: RepeatableFinalsDeps): FinalResults {
  async function findEarlier({ attempt }: Upload): Promise<Submission | undefined> {
    return attempt?.isRepeat ? queue.find(attempt.id) : undefined;
  }

  const answerOf = ({ state, id }: Submission) => (state === "delivered" ? undefined : id);

  return {
    ...final,
    async submit(analysisId, upload) {
      const found = await findEarlier(upload);
      if (found === undefined) return final.submit(analysisId, upload);
      const sha256 = await hashOf(upload.body, newHash());
      if (found.filename !== upload.filename || found.sha256 !== sha256) throw keyReused();
      return answerOf(found);
    },
    async submitNoisy(analysisId, upload) {
      const found = await findEarlier(upload);
      if (found === undefined) return final.submitNoisy(analysisId, upload);
      const reader = upload.body.getReader();
      while (!(await reader.read()).done);
      if (found.filename !== upload.filename) throw keyReused();
      return answerOf(found);
    },
  };
}

function keyReused() {
  return new AppError("invalid_form", "This Idempotency-Key was used for another request.", { mayPass: true });
}
