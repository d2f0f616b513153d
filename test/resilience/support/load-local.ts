import { type Action, type ClientLoop, compare, newAttempt, pick, pickReadable, settle } from "./client-loop.ts";
import { contentOf, sha256Of } from "./content.ts";
import { formRequest, type Part } from "./form.ts";
import type { Attempt } from "./ledger.ts";

type Tagging = "untagged" | "tag first" | "tag last" | "more fields";

async function store(loop: ClientLoop, tagging: Tagging, projectless?: Partial<Attempt>): Promise<Attempt> {
  const tag = tagging === "untagged" ? undefined : `tag-${loop.label}-${Math.floor(loop.random() * 4)}`;
  const { attempt, content } = newAttempt(loop, "local", { tag, ...projectless });
  const file = ["file", content, attempt.name] as const;
  const tagPart: Part[] = tag === undefined ? [] : [["tag", tag]];
  const parts: Part[] = tagging === "tag first" ? [...tagPart, file] : [file, ...tagPart];
  if (tagging === "more fields") parts.push(["comment", "x".repeat(2_000)], ["another", ""]);
  const reply = await loop.caller.call(attempt.clientId, formRequest("/local", parts), [200]);
  settle(loop, attempt, reply, reply.verdict === "acknowledged" ? idOf(reply.json()) : undefined);
  return attempt;
}

export function idOf(answer: unknown): string {
  if (answer !== null && typeof answer === "object" && "object_id" in answer) return String(answer.object_id);
  throw new Error(`an answer without an id: ${JSON.stringify(answer)}`);
}

async function read(loop: ClientLoop): Promise<void> {
  const found = pickReadable(loop, "local");
  if (found === undefined) return;
  const path = `/local/${found.id}`;
  const reply = await loop.caller.call(loop.actor.clientId, { method: "GET", path }, [200]);
  if (reply.verdict === "acknowledged") compare(loop, `GET ${path}`, reply.bytes, found.sha256);
}

async function readHead(loop: ClientLoop): Promise<void> {
  const found = pickReadable(loop, "local");
  if (found === undefined) return;
  const path = `/local/${found.id}`;
  const reply = await loop.caller.call(loop.actor.clientId, { method: "HEAD", path }, [200]);
  const size = reply.headers.get("content-length");
  if (reply.verdict === "acknowledged" && size !== String(found.size))
    loop.ledger.complaints.push(`HEAD ${path}: ${size} bytes instead of ${found.size}`);
}

async function readRange(loop: ClientLoop): Promise<void> {
  const found = pickReadable(loop, "local");
  if (found === undefined || found.size === 0) return;
  const start = Math.floor(loop.random() * found.size);
  const end = start + Math.floor(loop.random() * (found.size - start));
  const request = { method: "GET", path: `/local/${found.id}`, headers: { Range: `bytes=${start}-${end}` } };
  const reply = await loop.caller.call(loop.actor.clientId, request, [206]);
  const part = contentOf(found.seed, found.size).subarray(start, end + 1);
  if (reply.verdict === "acknowledged")
    compare(loop, `GET ${request.path} ${start}-${end}`, reply.bytes, sha256Of(part));
}

/** Tags a stored file once more; its name is the one the ledger knows. */
async function tag(loop: ClientLoop): Promise<void> {
  const found = pickReadable(loop, "local");
  if (found?.id === undefined) return;
  const { clientId, projectId } = loop.actor;
  const tagName = `more-${loop.label}-${Math.floor(loop.random() * 3)}`;
  const tagging = { projectId, tag: tagName, objectId: found.id, filename: found.name, verdict: "unknown" as const };
  const entry: (typeof loop.ledger.taggings)[number] = { ...tagging };
  loop.ledger.taggings.push(entry);
  const path = `/local/tags?tag_name=${tagName}&object_id=${found.id}`;
  entry.verdict = (await loop.caller.call(clientId, { method: "POST", path }, [200])).verdict;
}

/** The files that must carry each tag of the client's project by now. */
export function expectedTags({ ledger }: Pick<ClientLoop, "ledger">, projectId: string): Map<string, Set<string>> {
  const expected = new Map<string, Set<string>>();
  const add = (tagName: string, id: string) => expected.set(tagName, (expected.get(tagName) ?? new Set()).add(id));
  for (const one of ledger.acknowledged("local")) {
    if (one.projectId === projectId && one.tag !== undefined && one.id !== undefined) add(one.tag, one.id);
  }
  for (const one of ledger.taggings) {
    if (one.projectId === projectId && one.verdict === "acknowledged") add(one.tag, one.objectId);
  }
  return expected;
}

async function listTags(loop: ClientLoop): Promise<void> {
  const { clientId, projectId } = loop.actor;
  const expected = expectedTags(loop, projectId);
  const reply = await loop.caller.call(clientId, { method: "GET", path: "/local/tags" }, [200]);
  if (reply.verdict !== "acknowledged") return;
  const text = new TextDecoder().decode(reply.bytes);
  const missing = [...expected.keys()].filter((name) => !text.includes(`"name":"${name}"`));
  if (missing.length > 0) loop.ledger.complaints.push(`GET /local/tags lacks ${missing.join(", ")}`);
}

async function listTagged(loop: ClientLoop): Promise<void> {
  const { clientId, projectId } = loop.actor;
  const [name, ids] = pick(loop, [...expectedTags(loop, projectId)]) ?? [];
  if (name === undefined || ids === undefined) return;
  const path = `/local/tags/${name}`;
  const reply = await loop.caller.call(clientId, { method: "GET", path }, [200]);
  if (reply.verdict !== "acknowledged") return;
  const text = new TextDecoder().decode(reply.bytes);
  const missing = [...ids].filter((id) => !text.includes(id));
  if (missing.length > 0) loop.ledger.complaints.push(`GET ${path} lacks ${missing.join(", ")}`);
}

/** A project that comes and goes: the Hub forgets it, then the Hub Adapter has its files removed. */
async function throwAway(loop: ClientLoop): Promise<void> {
  const { hub } = loop.world;
  const projectId = hub.addProject();
  const clientId = hub.addAnalysis({ projectId });
  const files = [];
  for (const tagging of ["tag first", "untagged"] as const) {
    files.push(await store(loop, tagging, { clientId, projectId }));
  }
  // A write whose end nobody knows may end after the removal, so such a project stays.
  if (files.some(({ verdict }) => verdict === "unknown")) return;
  await hub.removeProject(projectId);
  loop.ledger.removals.set(projectId, "unknown");
  await removeProject(loop, projectId);
}

/** Has the Hub Adapter remove a project; may be repeated. */
export async function removeProject({ caller, ledger }: Pick<ClientLoop, "caller" | "ledger">, projectId: string) {
  const request = { method: "DELETE", path: `/local?project_id=${projectId}` };
  const { verdict } = await caller.call("hub-adapter", request, [200]);
  ledger.removals.set(projectId, verdict);
}

export const localActions: readonly [Action, ...Action[]] = [
  [14, (loop) => store(loop, "untagged")],
  [7, (loop) => store(loop, "tag first")],
  [7, (loop) => store(loop, "tag last")],
  [3, (loop) => store(loop, "more fields")],
  [14, read],
  [4, readHead],
  [6, readRange],
  [4, tag],
  [4, listTags],
  [5, listTagged],
  [2, throwAway],
];
