import type { AuditFields, Log } from "../log.ts";
import type { ObjectStore } from "../objects/object-store.ts";
import { pause } from "../time/deadline.ts";
import type { ExpiryStore } from "./expiry-store.ts";
import { localKey } from "./local-key.ts";
import type { ObjectId, ObjectTable, TaggedObject, Volume } from "./object-table.ts";
import { endOf, type RetentionRules } from "./rules.ts";

export interface SweepDeps {
  readonly table: Pick<ObjectTable, "page">;
  readonly expiry: ExpiryStore;
  readonly objects: Pick<ObjectStore, "remove">;
  readonly rules: RetentionRules;
  /** On the clock that never jumps. Objects that become due after this time stay until the next sweep. */
  readonly dueBy: Date;
  readonly holder: string;
  /** Who sweeps, for the record. */
  readonly actor: string;
  /** Most objects per second. */
  readonly perSecond: number;
  readonly steadyNow: () => number;
  /** Extends the lease. `false` if this process must stop. */
  readonly renew: () => Promise<boolean>;
  readonly signal?: AbortSignal | undefined;
  readonly progress?: (done: Volume) => void;
  readonly log: Pick<Log, "info">;
}

const pageSize = 1_000;
const largestBatch = 100;
/** Far longer than a request takes between checking an object and tagging it. */
const tombstoneMs = 3_600_000;

/** All objects of the table, page by page. */
export async function* pagesOf(table: Pick<ObjectTable, "page">, size = pageSize): AsyncGenerator<TaggedObject[]> {
  for (let after: ObjectId | undefined; ; ) {
    const page = await table.page(after, size);
    if (page.length > 0) yield page;
    if (page.length < size) return;
    after = page.at(-1);
  }
}

/** Removes the files that an earlier sweep left, then the due objects. Resolves with what expired in this sweep. */
export async function sweep(deps: SweepDeps): Promise<Volume & { readonly isComplete: boolean }> {
  const { table, expiry, rules, dueBy, renew, signal } = deps;
  const isDue = (object: TaggedObject) =>
    (endOf(rules, object)?.getTime() ?? Number.POSITIVE_INFINITY) <= dueBy.getTime();
  const pace = createPace(deps);
  let done: Volume = { bytes: 0, objects: 0 };
  const goesOn = async () => !signal?.aborted && (await renew());

  for (;;) {
    const left = await expiry.listExpired(largestBatch);
    if (left.length === 0) break;
    if (!(await goesOn())) return { ...done, isComplete: false };
    await removeFiles(deps, left);
    await pace(left.length);
  }
  for await (const page of pagesOf(table)) {
    for (const batch of batchesOf(page.filter(isDue), Math.min(largestBatch, deps.perSecond))) {
      const [first] = batch;
      if (first === undefined || !(await goesOn())) return { ...done, isComplete: false };
      const objectIds = batch.map(({ objectId }) => objectId);
      const { holder, actor } = deps;
      const expired = await expiry.expire({ holder, actor, projectId: first.projectId, objectIds, isDue });
      if (expired === undefined) return { ...done, isComplete: false };
      // Logs before it removes the files: the objects have expired now, and no later sweep would log them.
      for (const object of expired) tell(deps, object);
      await removeFiles(deps, expired);
      done = { bytes: done.bytes + sizeOf(expired), objects: done.objects + expired.length };
      deps.progress?.(done);
      await pace(expired.length);
    }
  }
  await expiry.forget(tombstoneMs);
  return { ...done, isComplete: true };
}

function tell({ log, actor }: SweepDeps, { projectId, objectId, sizeBytes }: TaggedObject): void {
  const facts: AuditFields = { projectId, objectId, bytes: sizeBytes, outcome: "ok" };
  log.info("result.expired", { ...facts, user: actor });
}

async function removeFiles({ objects, expiry }: SweepDeps, ids: readonly ObjectId[]): Promise<void> {
  for (const id of ids) await objects.remove(localKey(id));
  await expiry.markRemoved(ids);
}

/** Each batch belongs to one project, since `expire` works under that project's lock. */
function* batchesOf(objects: readonly TaggedObject[], size: number): Generator<TaggedObject[]> {
  for (const own of Map.groupBy(objects, ({ projectId }) => projectId).values()) {
    for (let start = 0; start < own.length; start += size) yield own.slice(start, start + size);
  }
}

/** Waits after each batch to keep the rate. */
function createPace({ perSecond, steadyNow, signal }: SweepDeps): (count: number) => Promise<void> {
  let allowedAt = steadyNow();
  return async (count) => {
    allowedAt = Math.max(allowedAt, steadyNow()) + (1_000 * count) / perSecond;
    const waitMs = allowedAt - steadyNow();
    if (waitMs > 0) await pause(waitMs, signal);
  };
}

function sizeOf(objects: readonly TaggedObject[]): number {
  return objects.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
}
