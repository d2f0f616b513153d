import { z } from "@hono/zod-openapi";
import { fileKinds, findingCodes } from "../../release/findings/examination.ts";
import { exampleIds, uuidText } from "../schemas.ts";
import { dateTime, wholeNumber } from "./operator-specs.ts";

const pastFields = {
  submission_id: uuidText,
  analysis_id: uuidText,
  name: z.string(),
  bytes: wholeNumber,
  sha256: z.string(),
  decision: z.enum(["approved", "declined", "expired"]),
  by: z.string(),
  reason: z.string().nullable(),
  at: dateTime,
};
const pastDecision = z
  .object(pastFields)
  .openapi("ReleaseDecision", { description: "What somebody has decided on a final result" });

const itemFields = {
  submission_id: uuidText,
  status: z.enum(["held", "queued", "delivered", "rejected"]),
  decision: z.enum(["approved", "declined"]).nullable().openapi({ description: "Null while operators have to decide" }),
  analysis_id: uuidText,
  project_id: uuidText.nullable(),
  name: z.string(),
  content_type: z.string().openapi({ description: "What its sender says it is" }),
  bytes: wholeNumber,
  sha256: z.string(),
  submitted_at: dateTime,
  delivered_at: dateTime.nullable(),
  last_error: z.string().nullable(),
  approvals_needed: wholeNumber.openapi({ description: "How many different people must approve" }),
  decisions: z.array(pastDecision).openapi({ description: "On this one, oldest first" }),
};
export const releaseItem = z
  .object(itemFields)
  .openapi("Release", { description: "A final result that operators decide on" });

const place = z.object({
  row: wholeNumber.nullable().openapi({ description: "From 1, without the header" }),
  column: z.string().nullable(),
  path: z.string().nullable().openapi({ description: "In JSON" }),
  value: z.string().nullable(),
});
const finding = z
  .object({
    code: z.enum(findingCodes),
    message: z.string(),
    count: wholeNumber.nullable(),
    places: z.array(place).openapi({ description: "The first ones" }),
  })
  .openapi("Finding", { description: "A hint for whoever decides" });

const preview = z
  .object({
    type: z.enum(["table", "text", "picture", "none"]),
    header: z.array(z.string()),
    rows: z.array(z.array(z.string())),
    small_cells: z
      .array(z.array(wholeNumber))
      .openapi({ description: "Row and column, from 0, of small counts shown" }),
    text: z.string().nullable(),
    is_cut: z.boolean().openapi({ description: "There is more than is shown" }),
  })
  .openapi("ReleasePreview", { description: "What can be shown of it; a picture is at `content`" });

export const releaseDetails = z
  .object({
    ...itemFields,
    kind: z.enum(fileKinds).openapi({ description: "By its content" }),
    media_type: z.string().nullable(),
    rows: wholeNumber.nullable(),
    columns: wholeNumber.nullable(),
    findings: z.array(finding),
    note: z.string(),
    preview,
    earlier_decisions: z.array(pastDecision).openapi({ description: "Of the same project, newest first" }),
    same_name: z
      .object(pastFields)
      .nullable()
      .openapi({ description: "The newest of them on a file of the same name" }),
  })
  .openapi("ReleaseDetails", { description: "A final result with what helps to decide on it" });

export const note = "These are hints: no finding does not mean that a file is safe.";

export const exampleRelease: z.input<typeof releaseItem> = {
  submission_id: exampleIds.submission,
  status: "held",
  decision: null,
  analysis_id: exampleIds.analysis,
  project_id: exampleIds.project,
  name: "result.csv",
  content_type: "text/csv",
  bytes: 24,
  sha256: "ab".repeat(32),
  submitted_at: "2026-01-31T12:00:00.000Z",
  delivered_at: null,
  last_error: null,
  approvals_needed: 1,
  decisions: [],
};

export const exampleDetails: z.input<typeof releaseDetails> = {
  ...exampleRelease,
  kind: "csv",
  media_type: "text/csv",
  rows: 1,
  columns: 2,
  findings: [
    {
      code: "small_count",
      message: "Whole numbers from 1 to 9, which may stand for few people.",
      count: 1,
      places: [{ row: 1, column: "patients", path: null, value: "3" }],
    },
  ],
  note,
  preview: {
    type: "table",
    header: ["group", "patients"],
    rows: [["a", "3"]],
    small_cells: [[0, 1]],
    text: null,
    is_cut: false,
  },
  earlier_decisions: [],
  same_name: null,
};
