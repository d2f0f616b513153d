import type { NewSubmission } from "../../src/submissions/store/submission-store.ts";

export const analysis = "20000000-0000-4000-8000-000000000001";
export const otherAnalysis = "20000000-0000-4000-8000-000000000002";

export function newSubmission(part: Partial<NewSubmission> = {}): NewSubmission {
  return {
    id: crypto.randomUUID(),
    analysisId: analysis,
    projectId: undefined,
    filename: "ü result.csv",
    contentType: "text/csv",
    sizeBytes: 5_000_000_000,
    sha256: "ab".repeat(32),
    ...part,
  };
}
