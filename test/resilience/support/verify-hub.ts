import { eventually } from "../../support/eventually.ts";
import { intermediatePath } from "./load-hub.ts";
import { compareBytes, type Task } from "./verify-task.ts";

/** How long the queue may take to empty itself; a lease of a killed process lasts 15 s. */
const queueMs = 60_000;

/** The service looks for what was torn up to 30 s later. */
const lastLookMs = 45_000;

/** Every acknowledged final and intermediate is at the Hub, once and with its bytes; of others at most one, and whole. */
export async function verifyHub(task: Task): Promise<void> {
  await verifyFinals(task);
  for (const one of task.ledger.acknowledged("intermediate")) {
    const path = intermediatePath(task, one.id ?? "", one.isSealed === true);
    const reply = await task.caller.call(one.clientId, { method: "GET", path }, [200]);
    if (reply.verdict === "acknowledged") compareBytes(task, `GET ${path} (${one.name})`, reply.bytes, one.sha256);
    else {
      task.world.figures.losses += 1;
      task.problems.push(`GET ${path} (${one.name}): lost`);
    }
  }
  await verifyOnce(task);
}

/** Files of one kind of bucket, over all analyses. */
function filesIn({ world }: Task, type: "RESULT" | "TEMP") {
  const { hub, surroundings } = world;
  return surroundings.analyses.flatMap((analysis) => hub.filesOf(hub.bucketOf(analysis, type).bucketId ?? ""));
}

async function verifyFinals(task: Task): Promise<void> {
  const { world, ledger, view, problems } = task;
  await eventually(
    async () => {
      const { pending } = await view.submissions.stats();
      if (pending > 0) throw new Error(`${pending} finals still wait`);
    },
    Math.min(queueMs, 3 * task.settleMs),
  ).catch((error) => problems.push(String(error)));
  const rejected = new Set((await view.submissions.list(["rejected"])).map(({ filename }) => filename));
  const files = filesIn(task, "RESULT");
  for (const one of ledger.attempts.values()) {
    if (one.kind !== "final" && one.kind !== "noisy") continue;
    // A name that the Hub has already gets a short id before its extension.
    const stem = one.name.slice(0, -".bin".length);
    const found = files.filter(({ name }) => name === one.name || name.startsWith(`${stem}-`));
    const isExpected = one.verdict === "acknowledged" && !rejected.has(one.name);
    if (found.length > 1 || (isExpected && found.length === 0)) world.figures.losses += 1;
    if (found.length > 1) problems.push(`${one.name} (${one.verdict}) is at the Hub ${found.length} times`);
    if (isExpected && found.length === 0) problems.push(`${one.name} is lost: the Hub does not have it`);
    if (one.verdict === "refused" && found.length > 0)
      problems.push(`${one.name} was refused with ${one.status}, but the Hub has it`);
    for (const { id } of found) await verifyContent(task, one, id);
  }
}

async function verifyContent(
  { world, problems }: Task,
  one: { kind: string; name: string; sha256: string; size: number },
  id: string,
) {
  if (one.kind === "noisy") {
    const text = new TextDecoder().decode(await world.hub.readFile(id));
    if (!Number.isFinite(Number.parseFloat(text))) problems.push(`${one.name} is no number at the Hub: ${text}`);
    return;
  }
  world.figures.bytesVerified += one.size;
  if ((await world.hub.sha256Of(id)) === one.sha256) return;
  world.figures.losses += 1;
  problems.push(`${one.name} at the Hub is not what was sent`);
}

/** An acknowledged intermediate is there under one id only, once what was torn on its way is removed. */
async function verifyOnce(task: Task): Promise<void> {
  // A stored file that is sent on keeps the name it was stored under, each time.
  const names = task.ledger
    .acknowledged("intermediate")
    .flatMap(({ name }) => (name.startsWith("sent-") ? [] : [name]));
  function findOthers(): string[] {
    const paths = new Map<string, string[]>();
    for (const { name, path } of filesIn(task, "TEMP")) paths.set(name, [...(paths.get(name) ?? []), path]);
    const others = names.filter((name) => paths.get(name)?.length !== 1);
    return others.map((name) => `${name} is at the Hub not once but as ${paths.get(name)?.join(" and ") ?? "nothing"}`);
  }
  await eventually(
    () => {
      if (findOthers().length > 0) throw new Error("some are there more than once");
    },
    Math.max(task.settleMs, Math.min(lastLookMs, 3 * task.settleMs)),
  ).catch(() => task.problems.push(...findOthers()));
}
