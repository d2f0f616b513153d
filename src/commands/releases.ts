import { open, rm } from "node:fs/promises";
import { openReleases } from "../app/release-services.ts";
import { reasonOf } from "../errors.ts";
import type { Release, ReleaseFilter } from "../release/release-store.ts";
import type { ReleaseDetails, Releases } from "../release/releases.ts";
import { parseUuid } from "../uuid.ts";
import { exitUsage, type ProcessIo } from "./process-io.ts";
import { plainTableLines } from "./table.ts";
import { withStores } from "./with-stores.ts";

export type ReleasesRequest =
  | {
      readonly action: "list";
      readonly status: ReleaseFilter["status"];
      readonly project?: string;
      readonly analysis?: string;
      readonly limit: number;
      readonly json: boolean;
    }
  | { readonly action: "show"; readonly id: string; readonly out?: string; readonly json: boolean }
  | {
      readonly action: "approve" | "decline";
      readonly id: string;
      /** Who decides, for the record. */
      readonly as: string;
      readonly sha256: string;
      readonly reason?: string | undefined;
    };

/** Shows held results and decides on them, whether or not the service runs. Resolves with the exit code. */
export async function releases(io: ProcessIo, request: ReleasesRequest): Promise<number> {
  const problem = findProblem(request);
  if (problem !== undefined) {
    io.printError(problem);
    return exitUsage;
  }
  return withStores(io, ({ settings, stores, log }) => run(io, openReleases(settings, stores, log), request), {
    prints: "log",
  });
}

function findProblem(request: ReleasesRequest): string | undefined {
  if (request.action === "list") {
    const { project, analysis } = request;
    if (project !== undefined && parseUuid(project) === undefined) return "--project takes a UUID.";
    return analysis !== undefined && parseUuid(analysis) === undefined ? "--analysis takes a UUID." : undefined;
  }
  if (parseUuid(request.id) === undefined) {
    return `${request.id} is not the id of a submission; \`flame-result releases list\` shows them.`;
  }
  if (request.action === "show") return undefined;
  if (request.as.trim() === "") return "--as needs a name.";
  const hasReason = request.reason !== undefined && request.reason.trim() !== "";
  return request.action === "decline" && !hasReason
    ? "To decline needs --reason, which the analyst is shown."
    : undefined;
}

async function run(io: ProcessIo, gate: Releases, request: ReleasesRequest): Promise<number> {
  if (request.action === "list") return list(io, gate, request);
  const submissionId = parseUuid(request.id) ?? request.id;
  if (request.action === "show") {
    const details = await gate.examine(submissionId);
    if (request.json) io.print(JSON.stringify(describe(details), undefined, 2));
    else for (const line of linesOf(details)) io.print(line);
    return request.out === undefined ? 0 : save(io, gate, submissionId, request.out);
  }
  const { action, as, sha256, reason } = request;
  const name = as.trim();
  const kind = action === "approve" ? "approved" : "declined";
  const decision = { submissionId, kind, sha256, reason: reason?.trim() || undefined } as const;
  const [release] = await gate.decide([decision], { name, subject: name });
  const waits = release?.state === "held" ? "; it waits for another person's approval" : "";
  io.print(`${submissionId} is ${kind}${waits}`);
  return 0;
}

/** Writes the file as it is, for its owner alone; nothing half-written stays. */
async function save(io: ProcessIo, gate: Releases, submissionId: string, path: string): Promise<number> {
  const { content } = await gate.content(submissionId, true);
  if (content.as === "text") throw new Error("a download is never cut");
  const file = await open(path, "wx", 0o600).catch((error: unknown) => {
    io.printError(`${path} cannot be written: ${reasonOf(error)}`);
  });
  if (file === undefined) {
    await content.body.cancel();
    return 1;
  }
  try {
    await file.writeFile(content.body);
    await file.close();
  } catch (error) {
    await file.close().catch(() => {});
    await rm(path, { force: true });
    throw error;
  }
  io.printError(`The file is in ${path}.`);
  return 0;
}

async function list(
  io: ProcessIo,
  gate: Releases,
  { status, project = "", analysis = "", limit, json }: ReleasesRequest & { readonly action: "list" },
): Promise<number> {
  const filter = { status, projectId: parseUuid(project), analysisId: parseUuid(analysis) };
  const { releases: found, total } = await gate.page(filter, "oldest", undefined, limit);
  if (json) io.print(JSON.stringify({ items: found.map(summarise), total }, undefined, 2));
  else if (found.length === 0) io.print(status === "held" ? "Nothing waits for a decision." : "There are none.");
  else {
    for (const line of tableOf(found)) io.print(line);
    if (total > found.length) io.print(`… and ${total - found.length} more`);
  }
  return 0;
}

function summarise(release: Release) {
  const { id, analysisId, projectId, state, verdict, filename, sizeBytes, sha256, submittedAt } = release;
  return {
    submission_id: id,
    status: state === "delivering" ? "queued" : state,
    decision: verdict ?? null,
    analysis_id: analysisId,
    project_id: projectId ?? null,
    name: filename,
    bytes: sizeBytes,
    sha256,
    submitted_at: submittedAt.toISOString(),
  };
}

function describe({ release, examination, earlier }: ReleaseDetails) {
  const { kind, rows, columns, findings } = examination;
  const decided = (past: (typeof earlier)[number]) => {
    const { submissionId, filename, decision, reviewer, reason, decidedAt } = past;
    const at = decidedAt.toISOString();
    return { submission_id: submissionId, name: filename, decision, by: reviewer.name, reason: reason ?? null, at };
  };
  const decisions = release.decisions.map(decided);
  return { ...summarise(release), kind, rows, columns, findings, decisions, earlier_decisions: earlier.map(decided) };
}

function linesOf(details: ReleaseDetails): string[] {
  const { release, examination, earlier } = details;
  const { kind, rows, columns, findings, preview } = examination;
  const size = rows === undefined ? "" : `, ${rows} rows${columns === undefined ? "" : ` × ${columns} columns`}`;
  const shown = preview.type === "text" ? preview.text.split("\n") : tableLines(preview);
  return [
    `submission  ${release.id}`,
    `analysis    ${release.analysisId}`,
    `project     ${release.projectId ?? "not known"}`,
    `name        ${release.filename}`,
    `content     ${kind}, ${release.sizeBytes} bytes${size}`,
    `sha256      ${release.sha256}`,
    `state       ${release.state}`,
    ...release.decisions.map(({ decision, reviewer }) => `${decision.padEnd(12)}by ${reviewer.name}`),
    "",
    ...findings.map(({ message, count }) => `! ${message}${count === undefined ? "" : ` (${count})`}`),
    "No finding does not mean that a file is safe.",
    ...earlier.slice(0, 5).map(({ filename, decision, reviewer, reason }) => {
      return `earlier: ${filename} ${decision} by ${reviewer.name}${reason === undefined ? "" : `: ${reason}`}`;
    }),
    "",
    ...shown.slice(0, 40),
  ].map(printable);
}

function tableLines(preview: ReleaseDetails["examination"]["preview"]): string[] {
  if (preview.type !== "table") return [];
  return [preview.header, ...preview.rows].map((row) => row.join("  "));
}

function tableOf(found: readonly Release[]): string[] {
  const head = ["SUBMISSION", "ANALYSIS", "STATE", "BYTES", "SUBMITTED", "NAME"];
  const rows = found.map(({ id, analysisId, state, verdict, sizeBytes, submittedAt, filename }) => {
    const shown = verdict === undefined ? state : `${verdict}, ${state}`;
    return [id, analysisId, shown, String(sizeBytes), submittedAt.toISOString(), printable(filename)];
  });
  return plainTableLines(head, rows);
}

/** Replaces control characters: text of an analysis must not send commands to the terminal. */
function printable(text: string): string {
  return text.replace(/(?!\t)[\p{Cc}\u2028-\u202e\u2066-\u2069]/gu, "\ufffd");
}
