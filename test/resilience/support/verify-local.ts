import type { Attempt } from "./ledger.ts";
import { expectedTags, removeProject } from "./load-local.ts";
import { compareBytes, type Task } from "./verify-task.ts";

/** Finishes the removals that were asked for but not acknowledged. */
export async function removeRest({ caller, ledger }: Task): Promise<void> {
  for (const [projectId, verdict] of ledger.removals) {
    if (verdict !== "acknowledged") await removeProject({ caller, ledger }, projectId);
  }
}

/** Every acknowledged file is there, with its bytes and its tags; what carries a tag was sent, and is whole. */
export async function verifyLocal(task: Task): Promise<void> {
  const { ledger } = task;
  const kept = ledger.acknowledged("local").filter((one) => !ledger.removals.has(one.projectId));
  for (const one of kept) await verifyFile(task, one.id ?? "", one);
  const { analyses, projects } = task.world.surroundings;
  await verifyTags(task, analyses[0], projects[0]);
  await verifyTags(task, analyses[2], projects[1]);
}

/** Reads a file through the service. */
export async function verifyFile(task: Task, id: string, one: Attempt): Promise<void> {
  const reply = await task.caller.call(one.clientId, { method: "GET", path: `/local/${id}` }, [200]);
  const what = `GET /local/${id} (${one.name}, ${one.verdict})`;
  if (reply.verdict === "acknowledged") return compareBytes(task, what, reply.bytes, one.sha256);
  task.world.figures.losses += 1;
  task.problems.push(`${what}: lost`);
}

async function verifyTags(task: Task, clientId: string, projectId: string): Promise<void> {
  const { ledger, caller, problems } = task;
  const expected = expectedTags(task, projectId);
  const listed = await caller.call(clientId, { method: "GET", path: "/local/tags" }, [200]);
  const names = namesIn(listed.json());
  for (const name of expected.keys()) if (!names.includes(name)) problems.push(`the tag ${name} is lost`);
  for (const name of names) {
    const answer = await caller.call(clientId, { method: "GET", path: `/local/tags/${name}` }, [200]);
    const listedIds = resultsIn(answer.json());
    const wanted = expected.get(name) ?? new Set();
    for (const id of wanted) {
      if (listedIds.some((one) => one.id === id)) continue;
      task.world.figures.losses += 1;
      problems.push(`the tag ${name} of ${id} is lost`);
    }
    for (const { id, filename } of listedIds.filter((one) => !wanted.has(one.id))) {
      if (await mayCarry(task, { name, id, filename, projectId })) continue;
      const attempt = ledger.attempts.get(filename);
      problems.push(`the tag ${name} lists ${filename}, which is ${attempt?.verdict ?? "unknown to everybody"}`);
    }
  }
}

interface Listed {
  readonly name: string;
  readonly id: string;
  readonly filename: string;
  readonly projectId: string;
}

/** Nobody can tell whether a write has happened whose answer was lost, or whose commit was (503); if so it must be whole. */
async function mayCarry(task: Task, { name, id, filename, projectId }: Listed): Promise<boolean> {
  const { ledger } = task;
  const tagging = ledger.taggings.find((one) => one.objectId === id && one.tag === name && one.projectId === projectId);
  if (tagging !== undefined) return tagging.verdict !== "acknowledged";
  const attempt = ledger.attempts.get(filename);
  if (attempt?.tag !== name || attempt.verdict === "acknowledged") return false;
  if (attempt.verdict === "refused" && attempt.status !== 503) return false;
  await verifyFile(task, id, attempt);
  return true;
}

function namesIn(answer: unknown): string[] {
  if (answer === null || typeof answer !== "object" || !("tags" in answer) || !Array.isArray(answer.tags)) return [];
  return answer.tags.map(({ name }) => String(name));
}

function resultsIn(answer: unknown): { id: string; filename: string }[] {
  if (answer === null || typeof answer !== "object" || !("results" in answer)) return [];
  if (!Array.isArray(answer.results)) return [];
  return answer.results.map(({ url, filename }) => ({
    id: String(url).split("/").at(-1) ?? "",
    filename: String(filename),
  }));
}
