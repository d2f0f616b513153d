import { type Submission, type SubmissionState, submissionKey } from "../submissions/store/submission-store.ts";
import { parseUuid } from "../uuid.ts";
import type { Stores } from "./open-stores.ts";
import { exitUsage, type ProcessIo } from "./process-io.ts";
import { plainTableLines } from "./table.ts";
import { withStores } from "./with-stores.ts";

export type SubmissionsRequest =
  | { readonly action: "list"; readonly all: boolean; readonly json: boolean }
  | { readonly action: "retry"; readonly ids: readonly string[]; readonly all: boolean }
  | { readonly action: "drop"; readonly ids: readonly string[]; readonly yes: boolean };

export interface SubmissionsDeps {
  /** Asks the operator; `false` if there is no terminal. */
  readonly confirm: (question: string) => Promise<boolean>;
}

const undelivered: readonly SubmissionState[] = ["queued", "delivering", "rejected"];

/** Shows or changes the queue of finals, whether or not the service runs. Resolves with the exit code. */
export async function submissions(io: ProcessIo, request: SubmissionsRequest, deps: SubmissionsDeps): Promise<number> {
  return withStores(io, ({ stores }) => run(io, stores, request, deps));
}

async function run(io: ProcessIo, stores: Stores, request: SubmissionsRequest, deps: SubmissionsDeps): Promise<number> {
  if (request.action === "list") return list(io, stores, request);
  const ids = request.ids.map((text) => parseUuid(text) ?? text);
  const bad = ids.find((id) => parseUuid(id) === undefined);
  if (bad !== undefined) {
    io.printError(`${bad} is not the id of a submission; \`flame-result submissions list\` shows them.`);
    return exitUsage;
  }
  return request.action === "retry" ? retry(io, stores, ids, request.all) : drop(io, stores, ids, request.yes, deps);
}

async function list(io: ProcessIo, { submissions: store }: Stores, { all, json }: { all: boolean; json: boolean }) {
  const found = await store.list(["held", ...undelivered, ...(all ? (["delivered"] as const) : [])]);
  if (json) {
    io.print(JSON.stringify(found.map(describe), undefined, 2));
  } else if (found.length === 0) {
    io.print(all ? "There are no submissions." : "Nothing waits and nothing was rejected.");
  } else {
    for (const line of tableOf(found)) io.print(line);
  }
  return 0;
}

async function retry(
  io: ProcessIo,
  { submissions: store }: Stores,
  ids: readonly string[],
  all: boolean,
): Promise<number> {
  const chosen = all ? (await store.list(undelivered)).map(({ id }) => id) : ids;
  if (chosen.length === 0 && !all) {
    io.printError("Name the submissions to try again, or give --all.");
    return exitUsage;
  }
  let failures = 0;
  for (const id of chosen) {
    if (await store.retry(id)) io.print(`${id} is due now`);
    else if (all) io.print(`${id} is being delivered already`);
    else {
      failures += 1;
      io.printError(`${id} is unknown, delivered, or being delivered right now`);
    }
  }
  return failures === 0 ? 0 : 1;
}

async function drop(
  io: ProcessIo,
  { submissions: store, objects }: Stores,
  ids: readonly string[],
  yes: boolean,
  { confirm }: SubmissionsDeps,
): Promise<number> {
  const question = `Forget ${ids.join(", ")}, with what was submitted? It cannot be brought back. [y/N] `;
  if (!yes && !(await confirm(question))) {
    io.printError("Nothing was dropped. Where nobody can be asked, give --yes.");
    return 1;
  }
  let failures = 0;
  for (const id of ids) {
    // Drops the row first: a file without a row is never delivered, and the service's next sweep removes it.
    if (await store.drop(id, "command line")) {
      await objects.remove(submissionKey(id));
      io.print(`${id} is dropped`);
    } else {
      failures += 1;
      io.printError(
        `${id} is unknown, being delivered right now, or held until somebody decides: \`flame-result releases\``,
      );
    }
  }
  return failures === 0 ? 0 : 1;
}

/** Leaves out the file name, which may reveal what the analysis is about. */
function describe(submission: Submission) {
  const { id, analysisId, state, attempts, sizeBytes, sha256, submittedAt, nextAttemptAt, deliveredAt, lastError } =
    submission;
  const { standsAside } = submission;
  return {
    submission_id: id,
    analysis_id: analysisId,
    state,
    attempts,
    size_bytes: sizeBytes,
    sha256,
    submitted_at: submittedAt.toISOString(),
    next_attempt_at: state === "queued" ? nextAttemptAt.toISOString() : null,
    delivered_at: deliveredAt?.toISOString() ?? null,
    last_error: lastError ?? null,
    stands_aside: standsAside,
  };
}

function tableOf(found: readonly Submission[]): string[] {
  const head = ["SUBMISSION", "ANALYSIS", "STATE", "ATTEMPTS", "BYTES", "SUBMITTED", "LAST ERROR"];
  const rows = found.map(({ id, analysisId, state, standsAside, attempts, sizeBytes, submittedAt, lastError }) => {
    const submitted = submittedAt.toISOString().replace(/\.\d+/, "");
    const shown = standsAside ? `${state}, stands aside` : state;
    return [id, analysisId, shown, String(attempts), String(sizeBytes), submitted, lastError ?? ""];
  });
  return plainTableLines(head, rows);
}
