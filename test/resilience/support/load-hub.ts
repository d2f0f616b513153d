import { type Action, type ClientLoop, compare, newAttempt, pick, pickReadable, settle } from "./client-loop.ts";
import { formRequest } from "./form.ts";
import { idOf } from "./load-local.ts";

/** Sealed ones are for this node itself, so that it can open them again. */
async function sendIntermediate(loop: ClientLoop, isSealed: boolean): Promise<void> {
  const { attempt, content } = newAttempt(loop, "intermediate", { isSealed });
  const file = ["file", content, attempt.name] as const;
  const node = isSealed ? [["remote_node_id", loop.world.surroundings.peerNodeId] as const] : [];
  const request = formRequest("/intermediate", loop.random() < 0.5 ? [...node, file] : [file, ...node]);
  const reply = await loop.caller.call(attempt.clientId, request, [200]);
  settle(loop, attempt, reply, reply.verdict === "acknowledged" ? idOf(reply.json()) : undefined);
}

async function readIntermediate(loop: ClientLoop): Promise<void> {
  const found = pickReadable(loop, "intermediate");
  if (found === undefined) return;
  const path = intermediatePath(loop, found.id ?? "", found.isSealed === true);
  const reply = await loop.caller.call(loop.actor.clientId, { method: "GET", path }, [200]);
  if (reply.verdict === "acknowledged") compare(loop, `GET ${path}`, reply.bytes, found.sha256);
}

export const intermediatePath = ({ world }: Pick<ClientLoop, "world">, id: string, isSealed: boolean): string =>
  `/intermediate/${id}${isSealed ? `?remote_node_id=${world.surroundings.peerNodeId}` : ""}`;

/** A stored file, sealed and sent on. It keeps its name, so the Hub has it once more for each time. */
async function sendStored(loop: ClientLoop): Promise<void> {
  const found = pickReadable(loop, "local");
  if (found === undefined) return;
  const query = `object_id=${found.id}&remote_node_id=${loop.world.surroundings.peerNodeId}`;
  const { clientId } = loop.actor;
  const reply = await loop.caller.call(clientId, { method: "PUT", path: `/local/upload?${query}` }, [200]);
  if (reply.verdict !== "acknowledged") return;
  const id = idOf(reply.json());
  const attempt = { ...found, kind: "intermediate" as const, name: `sent-${id}`, clientId, isSealed: true, id };
  loop.ledger.attempts.set(attempt.name, attempt);
  loop.world.figures.acknowledged += 1;
}

async function submitFinal(loop: ClientLoop): Promise<void> {
  const { attempt, content } = newAttempt(loop, "final");
  const request = formRequest("/final", [["file", content, attempt.name]]);
  const reply = await loop.caller.call(attempt.clientId, request, [204, 202]);
  settle(loop, attempt, reply, submissionOf(reply));
}

async function submitNoisy(loop: ClientLoop): Promise<void> {
  const { attempt } = newAttempt(loop, "noisy");
  const number = `${Math.floor(loop.random() * 1_000)}.5`;
  const request = formRequest("/final/localdp", [
    ["epsilon", "1.0"],
    ["sensitivity", "0.5"],
    ["file", Buffer.from(number), attempt.name],
  ]);
  const reply = await loop.caller.call(attempt.clientId, request, [204, 202]);
  settle(loop, attempt, reply, submissionOf(reply));
}

function submissionOf({ status, json }: { status: number | undefined; json(): unknown }): string | undefined {
  if (status !== 202) return undefined;
  const answer = json();
  return answer !== null && typeof answer === "object" && "submission_id" in answer
    ? String(answer.submission_id)
    : undefined;
}

async function askSubmission(loop: ClientLoop): Promise<void> {
  const { clientId } = loop.actor;
  const finals = [...loop.ledger.acknowledged("final"), ...loop.ledger.acknowledged("noisy")];
  const found = pick(
    loop,
    finals.filter((one) => one.clientId === clientId && one.id !== undefined),
  );
  if (found === undefined) return;
  await loop.caller.call(clientId, { method: "GET", path: `/final/submissions/${found.id}` }, [200]);
}

async function look(loop: ClientLoop): Promise<void> {
  const path = pick(loop, ["/healthz", "/metrics", "/openapi.json"]) ?? "";
  await loop.caller.call(loop.actor.clientId, { method: "GET", path }, [200]);
}

export const hubActions: readonly Action[] = [
  [4, (loop) => sendIntermediate(loop, false)],
  [5, (loop) => sendIntermediate(loop, true)],
  [6, readIntermediate],
  [2, sendStored],
  [5, submitFinal],
  [2, submitNoisy],
  [2, askSubmission],
  [2, look],
];
