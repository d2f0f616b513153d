import { reasonOf } from "../errors.ts";
import type { Log } from "../log.ts";
import type { Head, RecordStore, Sealed } from "./record-store.ts";

/** Seals new rows at short intervals, and prunes rows that are too old. */
export interface Sealer {
  start(): void;
  /**
   * Seals all rows written so far and logs the head of the chain. If somebody deletes rows up to a logged head, the
   * verification against that head shows it.
   */
  seal(): Promise<Sealed | undefined>;
  /** Stops the timers and seals once more. Never throws: the next process seals the rows that remain. */
  stop(): Promise<void>;
}

export interface SealerDeps {
  readonly store: Pick<RecordStore, "seal" | "prune" | "stats">;
  /** 0 = for ever. */
  readonly keepMs: number;
  readonly log: Log;
  readonly sealMs?: number;
  readonly pruneMs?: number;
}

export function createSealer({ store, keepMs, log, sealMs = 2_000, pruneMs = 3_600_000 }: SealerDeps): Sealer {
  let timers: ReturnType<typeof setTimeout>[] = [];
  const underWay = new Set<Promise<void>>();
  let isStopped = false;

  async function seal(): Promise<Sealed | undefined> {
    const sealed = await store.seal();
    if (sealed !== undefined) tell(sealed.head, sealed.rows);
    return sealed;
  }

  function tell({ sequence, hash }: Head, rows?: number): void {
    log.info("record.sealed", { sequence, head: hash, rows });
  }

  async function prune(): Promise<void> {
    for (let removed = 1, total = 0; removed > 0 && !isStopped; total += removed) {
      removed = await store.prune(keepMs);
      if (removed === 0 && total > 0) log.info("record.pruned", { rows: total });
      // Pruning seals its own row and all waiting rows, so the log gets the new head.
      const head = removed > 0 ? (await store.stats()).head : undefined;
      if (head !== undefined) tell(head);
    }
  }

  /**
   * Repeats the work, each time after the last has ended, so that calls to a slow database do not pile up. Sealing and
   * pruning repeat separately: a long pruning does not delay sealing.
   */
  function repeat(what: string, work: () => Promise<unknown>, everyMs: number, firstMs: number): void {
    let isFailing = false;
    const run = async () => {
      try {
        await work();
        isFailing = false;
      } catch (error) {
        if (!isFailing) log.warn(`record.${what}.failed`, { reason: reasonOf(error) });
        isFailing = true;
      }
    };
    const plan = (delayMs: number): void => {
      const timer = setTimeout(() => {
        timers = timers.filter((other) => other !== timer);
        const done = run().then(() => {
          underWay.delete(done);
          if (!isStopped) plan(everyMs);
        });
        underWay.add(done);
      }, delayMs);
      timers.push(timer);
    };
    plan(firstMs);
  }

  return {
    seal,
    start() {
      repeat("seal", seal, sealMs, 0);
      if (keepMs > 0) repeat("prune", prune, pruneMs, sealMs);
    },
    async stop() {
      isStopped = true;
      for (const timer of timers) clearTimeout(timer);
      await Promise.all(underWay);
      await seal().catch((error: unknown) => log.warn("record.seal.failed", { reason: reasonOf(error) }));
    },
  };
}
