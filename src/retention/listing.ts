import type { ObjectStore, ScannedObject } from "../objects/object-store.ts";
import { localFolder, localKey, parseLocalKey } from "./local-key.ts";
import type { KnownObject, ObjectId, ObjectTable } from "./object-table.ts";
import type { RetentionState } from "./retention-state.ts";

export interface ListingDeps {
  readonly objects: Pick<ObjectStore, "scan" | "stat">;
  readonly table: Pick<ObjectTable, "addListed" | "listIds" | "remove" | "recount">;
  /** Saves the progress. `false` if this process must stop. */
  readonly save: (progress: Pick<RetentionState, "listingCursor" | "listedObjects">) => Promise<boolean>;
  /** Milliseconds since the epoch, on the store's clock or one close to it. */
  readonly now: () => number;
}

const pageSize = 500;
const rowsAtOnce = 5_000;
/** Far longer than the clean-up after a failed upload may take. */
const youngMs = 3_600_000;

/**
 * Brings the table in line with the object store. Continues where the last process stopped. Resolves with whether it
 * reached the end, and with the number of objects. Memory does not grow with that number.
 */
export async function bringInLine(deps: ListingDeps, from: Pick<RetentionState, "listingCursor" | "listedObjects">) {
  const { objects, table, save } = deps;
  let count = from.listingCursor === undefined ? 0 : from.listedObjects;
  let last = from.listingCursor === undefined ? undefined : parseLocalKey(from.listingCursor);
  for await (const page of pagesOf(objects.scan(localFolder, from.listingCursor))) {
    const found = page.flatMap(asKnown);
    const end = found.at(-1);
    if (end === undefined) continue;
    await forgetMissing(deps, found, last, end);
    await addFound(deps, found);
    count += found.length;
    last = end;
    if (!(await save({ listingCursor: localKey(end), listedObjects: count }))) return { isComplete: false, count };
  }
  await forgetMissing(deps, [], last, undefined);
  await table.recount();
  const isComplete = await save({ listingCursor: undefined, listedObjects: count });
  return { isComplete, count };
}

async function addFound({ objects, table, now }: ListingDeps, found: readonly KnownObject[]): Promise<void> {
  const added = new Set((await table.addListed(found)).map(localKey));
  const youngest = now() - youngMs;
  for (const object of found) {
    // The upload may have failed meanwhile, and its clean-up may have run before this row existed.
    if (object.storedAt.getTime() < youngest || !added.has(localKey(object))) continue;
    if ((await objects.stat(localKey(object))) === undefined) await table.remove(object);
  }
}

/** Removes rows without an object. Asks the store again for each, since the listing may be out of date. */
async function forgetMissing(
  { objects, table }: ListingDeps,
  found: readonly ObjectId[],
  after: ObjectId | undefined,
  upTo: ObjectId | undefined,
): Promise<void> {
  const keys = new Set(found.map(localKey));
  for (let from = after; ; ) {
    const rows = await table.listIds(from, upTo, rowsAtOnce);
    for (const row of rows.filter((id) => !keys.has(localKey(id)))) {
      if ((await objects.stat(localKey(row))) === undefined) await table.remove(row);
    }
    if (rows.length < rowsAtOnce) return;
    from = rows.at(-1);
  }
}

async function* pagesOf(scanned: AsyncIterable<ScannedObject>): AsyncGenerator<ScannedObject[]> {
  let page: ScannedObject[] = [];
  for await (const object of scanned) {
    page.push(object);
    if (page.length < pageSize) continue;
    yield page;
    page = [];
  }
  if (page.length > 0) yield page;
}

function asKnown({ key, sizeBytes, modifiedAt }: ScannedObject): KnownObject[] {
  const id = parseLocalKey(key);
  return id === undefined ? [] : [{ ...id, sizeBytes, storedAt: modifiedAt }];
}
