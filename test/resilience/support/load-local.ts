import { type Action, compare, newAttempt, type Player, pick, pickReadable, settle } from "./client-loop.ts";
import { contentOf, sha256Of } from "./content.ts";
import { formRequest, type Part } from "./form.ts";
import type { Attempt } from "./ledger.ts";

type Tagging = "untagged" | "tag first" | "tag last" | "more fields";

async function store(player: Player, tagging: Tagging, projectless?: Partial<Attempt>): Promise<Attempt> {
  const tag = tagging === "untagged" ? undefined : `tag-${player.label}-${Math.floor(player.random() * 4)}`;
  const { attempt, content } = newAttempt(player, "local", { tag, ...projectless });
  const file = ["file", content, attempt.name] as const;
  const tagPart: Part[] = tag === undefined ? [] : [["tag", tag]];
  const parts: Part[] = tagging === "tag first" ? [...tagPart, file] : [file, ...tagPart];
  if (tagging === "more fields") parts.push(["comment", "x".repeat(2_000)], ["another", ""]);
  const reply = await player.caller.call(attempt.clientId, formRequest("/local", parts), [200]);
  settle(player, attempt, reply, reply.verdict === "acknowledged" ? idOf(reply.json()) : undefined);
  return attempt;
}

export function idOf(answer: unknown): string {
  if (answer !== null && typeof answer === "object" && "object_id" in answer) return String(answer.object_id);
  throw new Error(`an answer without an id: ${JSON.stringify(answer)}`);
}

async function read(player: Player): Promise<void> {
  const found = pickReadable(player, "local");
  if (found === undefined) return;
  const path = `/local/${found.id}`;
  const reply = await player.caller.call(player.actor.clientId, { method: "GET", path }, [200]);
  if (reply.verdict === "acknowledged") compare(player, `GET ${path}`, reply.bytes, found.sha256);
}

async function readHead(player: Player): Promise<void> {
  const found = pickReadable(player, "local");
  if (found === undefined) return;
  const path = `/local/${found.id}`;
  const reply = await player.caller.call(player.actor.clientId, { method: "HEAD", path }, [200]);
  const size = reply.headers.get("content-length");
  if (reply.verdict === "acknowledged" && size !== String(found.size))
    player.ledger.complaints.push(`HEAD ${path}: ${size} bytes instead of ${found.size}`);
}

async function readRange(player: Player): Promise<void> {
  const found = pickReadable(player, "local");
  if (found === undefined || found.size === 0) return;
  const start = Math.floor(player.random() * found.size);
  const end = start + Math.floor(player.random() * (found.size - start));
  const request = { method: "GET", path: `/local/${found.id}`, headers: { Range: `bytes=${start}-${end}` } };
  const reply = await player.caller.call(player.actor.clientId, request, [206]);
  const part = contentOf(found.seed, found.size).subarray(start, end + 1);
  if (reply.verdict === "acknowledged")
    compare(player, `GET ${request.path} ${start}-${end}`, reply.bytes, sha256Of(part));
}

/** Tags a stored file once more; its name is the one the ledger knows. */
async function tag(player: Player): Promise<void> {
  const found = pickReadable(player, "local");
  if (found?.id === undefined) return;
  const { clientId, projectId } = player.actor;
  const tagName = `more-${player.label}-${Math.floor(player.random() * 3)}`;
  const tagging = { projectId, tag: tagName, objectId: found.id, filename: found.name, verdict: "unknown" as const };
  const entry: (typeof player.ledger.taggings)[number] = { ...tagging };
  player.ledger.taggings.push(entry);
  const path = `/local/tags?tag_name=${tagName}&object_id=${found.id}`;
  entry.verdict = (await player.caller.call(clientId, { method: "POST", path }, [200])).verdict;
}

/** The files that must carry each tag of the client's project by now. */
export function expectedTags({ ledger }: Pick<Player, "ledger">, projectId: string): Map<string, Set<string>> {
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

async function listTags(player: Player): Promise<void> {
  const { clientId, projectId } = player.actor;
  const expected = expectedTags(player, projectId);
  const reply = await player.caller.call(clientId, { method: "GET", path: "/local/tags" }, [200]);
  if (reply.verdict !== "acknowledged") return;
  const text = new TextDecoder().decode(reply.bytes);
  const missing = [...expected.keys()].filter((name) => !text.includes(`"name":"${name}"`));
  if (missing.length > 0) player.ledger.complaints.push(`GET /local/tags lacks ${missing.join(", ")}`);
}

async function listTagged(player: Player): Promise<void> {
  const { clientId, projectId } = player.actor;
  const [name, ids] = pick(player, [...expectedTags(player, projectId)]) ?? [];
  if (name === undefined || ids === undefined) return;
  const path = `/local/tags/${name}`;
  const reply = await player.caller.call(clientId, { method: "GET", path }, [200]);
  if (reply.verdict !== "acknowledged") return;
  const text = new TextDecoder().decode(reply.bytes);
  const missing = [...ids].filter((id) => !text.includes(id));
  if (missing.length > 0) player.ledger.complaints.push(`GET ${path} lacks ${missing.join(", ")}`);
}

/** A project that comes and goes: the Hub forgets it, then the Hub Adapter has its files removed. */
async function throwAway(player: Player): Promise<void> {
  const { hub } = player.world;
  const projectId = hub.addProject();
  const clientId = hub.addAnalysis({ projectId });
  const files = [];
  for (const tagging of ["tag first", "untagged"] as const) {
    files.push(await store(player, tagging, { clientId, projectId }));
  }
  // A write whose end nobody knows may end after the removal, so such a project stays.
  if (files.some(({ verdict }) => verdict === "unknown")) return;
  await hub.removeProject(projectId);
  player.ledger.removals.set(projectId, "unknown");
  await removeProject(player, projectId);
}

/** Has the Hub Adapter remove a project; may be repeated. */
export async function removeProject({ caller, ledger }: Pick<Player, "caller" | "ledger">, projectId: string) {
  const request = { method: "DELETE", path: `/local?project_id=${projectId}` };
  const { verdict } = await caller.call("hub-adapter", request, [200]);
  ledger.removals.set(projectId, verdict);
}

export const localActions: readonly [Action, ...Action[]] = [
  [14, (player) => store(player, "untagged")],
  [7, (player) => store(player, "tag first")],
  [7, (player) => store(player, "tag last")],
  [3, (player) => store(player, "more fields")],
  [14, read],
  [4, readHead],
  [6, readRange],
  [4, tag],
  [4, listTags],
  [5, listTagged],
  [2, throwAway],
];
