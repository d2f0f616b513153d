import { eventually } from "../../support/eventually.ts";
import { sha256Of } from "./content.ts";
import { spooledFiles } from "./spool-folder.ts";
import type { Task } from "./verify-task.ts";

/** Store and catalog agree with each other and with the ledger, past the service; resolves with what does not. */
export async function verifyStorage(task: Task): Promise<string[]> {
  // What failed is undone in the background, so all of it may take a while.
  let found: string[] = [];
  await eventually(async () => {
    const keys = await Array.fromAsync(task.view.objects.list(""));
    found = [...(await lookAtFiles(task, keys)), ...(await lookAtLeftovers(task, keys))];
    if (found.length > 0) throw new Error("not yet");
  }, task.settleMs).catch(() => {});
  return found;
}

async function lookAtFiles(task: Task, keys: readonly string[]): Promise<string[]> {
  const { ledger, view } = task;
  const rows = await view.rows();
  const stored = new Set(keys);
  const problems = rows.flatMap(({ projectId, objectId, filename }) => {
    if (projectId === null) return [`${filename} is in the catalog without a tag`];
    const isThere = stored.has(`local/${projectId}/${objectId}`);
    return isThere ? [] : [`the catalog has ${objectId} (${filename}), the store does not`];
  });
  const tagged = new Set(rows.map(({ objectId }) => objectId));
  const known = new Set(ledger.acknowledged("local").map((one) => `local/${one.projectId}/${one.id}`));
  for (const key of keys) {
    const [folder, projectId = "", objectId = ""] = key.split("/");
    if (folder !== "local") continue;
    if (ledger.removals.get(projectId) === "acknowledged") problems.push(`${key} is of a project that was removed`);
    else if (!known.has(key)) problems.push(...(await judgeStray(task, key, tagged.has(objectId))));
  }
  return problems;
}

/** Only a killed process may leave something, and only until its grace time is over. */
async function lookAtLeftovers({ world, view, isKilled }: Task, keys: readonly string[]): Promise<string[]> {
  const spooled = isKilled ? [] : spooledFiles(world).map((name) => `a temporary file: ${name}`);
  // What is alone on its storage clears up at its start.
  if (isKilled && world.storage === "servers") return spooled;
  const waiting = new Set((await view.submissions.list(["queued", "delivering", "rejected"])).map(({ id }) => id));
  const finals = keys.filter((key) => key.startsWith("submissions/") && !waiting.has(key.slice("submissions/".length)));
  return [
    ...spooled,
    ...finals.map((key) => `a final's file that nobody waits for: ${key}`),
    ...(await view.unfinished()).map((name) => `an unfinished upload: ${name}`),
  ];
}

/**
 * A file that nobody was promised. That is right only if its client never heard how its upload ended, or heard that the
 * database has lost the answer about its tag; and it must be whole.
 */
async function judgeStray({ view, ledger }: Task, key: string, isTagged: boolean): Promise<string[]> {
  const opened = await view.objects.open(key);
  if (opened === undefined) return [];
  const attempt = ledger.attempts.get(opened.info.filename ?? "");
  const bytes = new Uint8Array(await new Response(opened.body).arrayBuffer());
  if (attempt === undefined) return [`${key} (${opened.info.filename}) was never sent`];
  if (sha256Of(bytes) !== attempt.sha256) return [`${key} (${attempt.name}) is not what was sent`];
  const isUndecided = attempt.verdict === "unknown" || (attempt.status === 503 && isTagged);
  return isUndecided ? [] : [`${key} (${attempt.name}) is there, though it is ${attempt.verdict} (${attempt.status})`];
}
