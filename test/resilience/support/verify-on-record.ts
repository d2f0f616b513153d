import type { SealedEntry } from "../../../src/record/record-store.ts";
import { verifyRecord } from "../../../src/record/verify-record.ts";
import { eventually } from "../../support/eventually.ts";
import type { Task } from "./verify-task.ts";

/** The record is one unbroken chain, and has all that was acknowledged in it once; resolves with what is not so. */
export async function verifyOnRecord({ world, ledger, view, settleMs }: Task): Promise<string[]> {
  if (world.env.RECORD__ENABLED !== "1") return [];
  let found: string[] = [];
  // Of no bytes there may be several.
  const alike = new Map<string, number>();
  for (const { kind, sha256 } of ledger.attempts.values()) {
    if (kind === "final") alike.set(sha256, (alike.get(sha256) ?? 0) + 1);
  }
  await eventually(async () => {
    await view.record.seal();
    const { broken } = await verifyRecord(view.record);
    const rows = await Array.fromAsync(readAll(view.record));
    const sent = countBy(rows, "intermediate.sent", ({ objectId }) => objectId);
    const submitted = countBy(rows, "final.submitted", ({ sha256 }) => sha256);
    const delivered = countBy(rows, "final.delivered", ({ objectId }) => objectId);
    const ids = new Map(
      rows.filter(({ event }) => event === "final.submitted").map((row) => [row.sha256, row.objectId]),
    );
    found = [
      ...(broken === undefined ? [] : [`the record: ${broken.reason}`]),
      ...ledger.acknowledged("intermediate").flatMap(({ name, id }) => onlyOnce(name, "sent", sent.get(id))),
      ...ledger
        .acknowledged("final")
        .flatMap(({ name, sha256 }) => [
          ...onlyOnce(name, "submitted", submitted.get(sha256), alike.get(sha256)),
          ...onlyOnce(name, "delivered", delivered.get(ids.get(sha256))),
        ]),
    ];
    if (found.length > 0) throw new Error("not yet");
  }, settleMs).catch(() => {});
  return found;
}

async function* readAll(record: Task["view"]["record"]): AsyncGenerator<SealedEntry> {
  for (let after = 0; ; ) {
    const rows = await record.readAfter({}, after, 5_000);
    const last = rows.at(-1);
    if (last === undefined) return;
    yield* rows;
    after = last.sequence;
  }
}

function countBy(rows: readonly SealedEntry[], event: SealedEntry["event"], keyOf: (row: SealedEntry) => unknown) {
  const counts = new Map<unknown, number>();
  for (const row of rows) {
    if (row.event === event && row.outcome === "ok") counts.set(keyOf(row), (counts.get(keyOf(row)) ?? 0) + 1);
  }
  return counts;
}

/** `alike`: how many were sent that look the same on record. */
function onlyOnce(name: string, what: string, times = 0, alike = 1): string[] {
  return times >= 1 && times <= alike ? [] : [`${name} is ${times} times on record as ${what}`];
}
