import { createKeeper } from "../app/retention-services.ts";
import { quietLog } from "../log.ts";
import { createPreviewBook, type Preview } from "../retention/preview-book.ts";
import type { Progress } from "../retention/retention-keeper.ts";
import { type RetentionRules, removesAnything } from "../retention/rules.ts";
import type { Settings } from "../settings/settings.ts";
import { pause } from "../time/deadline.ts";
import { parseUuid } from "../uuid.ts";
import type { Stores } from "./open-stores.ts";
import { exitUsage, type ProcessIo } from "./process-io.ts";
import { progressBar } from "./progress-bar.ts";
import { tableLines } from "./table.ts";
import { type NodeAccess, withStores } from "./with-stores.ts";

export type RetentionRequest =
  | { readonly action: "preview"; readonly project?: string; readonly limit: number; readonly json: boolean }
  | { readonly action: "run" };

/** Longer than a lease (120 s): a killed process keeps its lease that long, a running one only for moments. */
const patienceMs = 150_000;

/** Shows what the rules would remove, or removes it now, whether or not the service runs. */
export async function retention(io: ProcessIo, request: RetentionRequest): Promise<number> {
  const findProblem = (settings: Settings) =>
    removesAnything(settings.retention) || settings.retention.intermediateDays > 0
      ? undefined
      : "No rule is set: RETENTION__UNTAGGED_DAYS, RETENTION__TAGGED_DAYS, RETENTION__TAGS and RETENTION__INTERMEDIATE_DAYS keep everything.";
  const work = ({ settings, stores }: NodeAccess) =>
    request.action === "run" ? run(io, settings, stores) : preview(io, settings, stores, request);
  return withStores(io, work, { findProblem });
}

async function preview(
  io: ProcessIo,
  { retention: rules }: Settings,
  { retention: store }: Stores,
  { project, limit, json }: RetentionRequest & { action: "preview" },
): Promise<number> {
  const projectId = project === undefined ? undefined : parseUuid(project);
  if (project !== undefined && projectId === undefined) {
    io.printError("--project takes a UUID.");
    return exitUsage;
  }
  const { state } = await store.state.read();
  if (state.listedAt === undefined) io.printError("The store is not listed yet; this is what is known so far.");
  const book = createPreviewBook({ store, rules, steadyNow: () => performance.now() });
  const found = await book.list(projectId, undefined, limit);
  if (json) io.print(JSON.stringify(describe(found), undefined, 2));
  else for (const line of [...linesOf(found), ...hubLines(rules)]) io.print(line);
  return 0;
}

async function run(io: ProcessIo, settings: Settings, stores: Stores): Promise<number> {
  const keeper = createKeeper(settings, stores, quietLog, crypto.randomUUID());
  const { due } = await createPreviewBook({
    store: stores.retention,
    rules: settings.retention,
    steadyNow: () => performance.now(),
  }).list(undefined, undefined, 1);
  const progress = ({ listed, swept }: Progress) => {
    if (listed !== undefined) io.showProgress(`listing the store: ${listed} objects`);
    if (swept !== undefined) io.showProgress(progressBar(swept.objects, due.objects));
  };
  const begin = performance.now();
  let done = await keeper.sweepNow("command line", progress);
  while (done === undefined && performance.now() - begin < patienceMs) {
    io.showProgress("waiting for another process that is at it");
    await pause(500);
    done = await keeper.sweepNow("command line", progress);
  }
  io.showProgress("");
  if (done === undefined) io.printError("Another process has been at it all the time; try again later.");
  else if (!done.isComplete) io.printError("Another process has taken over; the service goes on with it.");
  if (done !== undefined) io.print(`Removed ${done.objects} objects of ${done.bytes} bytes.`);
  if (done !== undefined) for (const line of hubLines(settings.retention)) io.print(line);
  return done?.isComplete ? 0 : 1;
}

/** The Hub's files are removed by the service alone, which is signed in there. */
function hubLines({ intermediateDays = 0 }: RetentionRules): string[] {
  if (intermediateDays === 0) return [];
  return [
    `Outside of a preview the service removes from the Hub, within the hour, what it sent more than ${intermediateDays} days ago.`,
  ];
}

function describe({ previewUntil, due, total, items }: Preview) {
  return {
    preview_until: previewUntil?.toISOString() ?? null,
    due,
    total,
    items: items.map(({ projectId, objectId, sizeBytes, storedAt, tags, goesAt }) => ({
      project_id: projectId,
      object_id: objectId,
      bytes: sizeBytes,
      stored_at: storedAt.toISOString(),
      tags,
      goes_at: goesAt.toISOString(),
    })),
  };
}

function linesOf({ previewUntil, due, total, items }: Preview): string[] {
  const until = previewUntil?.toISOString().replace(/\.\d+/, "");
  const state = until === undefined ? "" : `Until ${until} the rules only show what they would remove.`;
  const rows = items.map(({ projectId, objectId, sizeBytes, tags, goesAt }) => {
    return [projectId, objectId, String(sizeBytes), goesAt.toISOString().replace(/\.\d+/, ""), tags.join(",")];
  });
  const rest = total > items.length ? [`… and ${total - items.length} more.`] : [];
  return [
    ...(state === "" ? [] : [state]),
    `Due now: ${due.objects} objects of ${due.bytes} bytes. To go sooner or later: ${total} objects.`,
    ...(rows.length === 0 ? [] : tableLines(["PROJECT", "OBJECT", "BYTES", "GOES", "TAGS"], rows)),
    ...rest,
  ];
}
