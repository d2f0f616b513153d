import { type Action, compare, newAttempt, type Player, pick, pickReadable, settle } from "./client-loop.ts";
import { formRequest } from "./form.ts";
import { idOf } from "./load-local.ts";

/** Sealed ones are for this node itself, so that it can open them again. */
async function sendIntermediate(player: Player, isSealed: boolean): Promise<void> {
  const { attempt, content } = newAttempt(player, "intermediate", { isSealed });
  const file = ["file", content, attempt.name] as const;
  const node = isSealed ? [["remote_node_id", player.world.surroundings.nodeId] as const] : [];
  const request = formRequest("/intermediate", player.random() < 0.5 ? [...node, file] : [file, ...node]);
  const reply = await player.caller.call(attempt.clientId, request, [200]);
  settle(player, attempt, reply, reply.verdict === "acknowledged" ? idOf(reply.json()) : undefined);
}

async function readIntermediate(player: Player): Promise<void> {
  const found = pickReadable(player, "intermediate");
  if (found === undefined) return;
  const path = intermediatePath(player, found.id ?? "", found.isSealed === true);
  const reply = await player.caller.call(player.actor.clientId, { method: "GET", path }, [200]);
  if (reply.verdict === "acknowledged") compare(player, `GET ${path}`, reply.bytes, found.sha256);
}

export const intermediatePath = ({ world }: Pick<Player, "world">, id: string, isSealed: boolean): string =>
  `/intermediate/${id}${isSealed ? `?remote_node_id=${world.surroundings.nodeId}` : ""}`;

/** A stored file, sealed and sent on. It keeps its name, so the Hub has it once more for each time. */
async function sendStored(player: Player): Promise<void> {
  const found = pickReadable(player, "local");
  if (found === undefined) return;
  const query = `object_id=${found.id}&remote_node_id=${player.world.surroundings.nodeId}`;
  const { clientId } = player.actor;
  const reply = await player.caller.call(clientId, { method: "PUT", path: `/local/upload?${query}` }, [200]);
  if (reply.verdict !== "acknowledged") return;
  const id = idOf(reply.json());
  const attempt = { ...found, kind: "intermediate" as const, name: `sent-${id}`, clientId, isSealed: true, id };
  player.ledger.attempts.set(attempt.name, attempt);
  player.world.figures.acknowledged += 1;
}

async function submitFinal(player: Player): Promise<void> {
  const { attempt, content } = newAttempt(player, "final");
  const request = formRequest("/final", [["file", content, attempt.name]]);
  const reply = await player.caller.call(attempt.clientId, request, [204, 202]);
  settle(player, attempt, reply, submissionOf(reply));
}

async function submitNoisy(player: Player): Promise<void> {
  const { attempt } = newAttempt(player, "noisy");
  const number = `${Math.floor(player.random() * 1_000)}.5`;
  const request = formRequest("/final/localdp", [
    ["epsilon", "1.0"],
    ["sensitivity", "0.5"],
    ["file", Buffer.from(number), attempt.name],
  ]);
  const reply = await player.caller.call(attempt.clientId, request, [204, 202]);
  settle(player, attempt, reply, submissionOf(reply));
}

function submissionOf({ status, json }: { status: number | undefined; json(): unknown }): string | undefined {
  if (status !== 202) return undefined;
  const answer = json();
  return answer !== null && typeof answer === "object" && "submission_id" in answer
    ? String(answer.submission_id)
    : undefined;
}

async function askSubmission(player: Player): Promise<void> {
  const { clientId } = player.actor;
  const finals = [...player.ledger.acknowledged("final"), ...player.ledger.acknowledged("noisy")];
  const found = pick(
    player,
    finals.filter((one) => one.clientId === clientId && one.id !== undefined),
  );
  if (found === undefined) return;
  await player.caller.call(clientId, { method: "GET", path: `/final/submissions/${found.id}` }, [200]);
}

async function look(player: Player): Promise<void> {
  const path = pick(player, ["/healthz", "/metrics", "/openapi.json"]) ?? "";
  await player.caller.call(player.actor.clientId, { method: "GET", path }, [200]);
}

export const hubActions: readonly Action[] = [
  [4, (player) => sendIntermediate(player, false)],
  [5, (player) => sendIntermediate(player, true)],
  [6, readIntermediate],
  [2, sendStored],
  [5, submitFinal],
  [2, submitNoisy],
  [2, askSubmission],
  [2, look],
];
