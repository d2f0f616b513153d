import { AppError, reasonOf } from "../errors.ts";
import type { Log } from "../log.ts";
import type { Attempt } from "./attempt.ts";
import type { Answer, Fingerprint, IdempotencyStore, Scope } from "./idempotency-store.ts";

/** A running attempt. The caller must end it by `finish` or `giveUp`. Neither throws. */
export interface RunningAttempt extends Attempt {
  readonly kind: "running";
  finish(answer: Answer, fingerprint: Fingerprint): Promise<void>;
  /** Ends the attempt after an error that may not occur again if the client repeats the request. */
  giveUp(error: unknown): Promise<void>;
}

export interface FinishedRequest {
  readonly kind: "finished";
  readonly answer: Answer;
  readonly fingerprint: Fingerprint;
}

/** Ensures that requests with the same key are done only once, across all processes. */
export interface Repeats {
  /** Throws `conflict` while another request with the key is running. */
  begin(scope: Scope): Promise<RunningAttempt | FinishedRequest>;
  /** Deletes keys that are too old. Resolves with how many. */
  purge(): Promise<number>;
}

export interface RepeatsDeps {
  readonly store: IdempotencyStore;
  readonly keepMs: number;
  readonly newId: () => string;
  readonly log: Log;
  /** How long a key stays locked after its process was killed. A running process renews it three times in this time. */
  readonly leaseMs?: number;
}

/** Longer than a fail-over of the database takes. */
const defaultLeaseMs = 60_000;

export function createRepeats(deps: RepeatsDeps): Repeats {
  const { store, keepMs, newId, leaseMs = defaultLeaseMs } = deps;
  return {
    async begin(scope) {
      const holder = { holder: newId(), leaseMs };
      const claim = await store.claim(scope, holder, newId(), keepMs);
      if (claim.kind === "running") throw stillRunning();
      return claim.kind === "finished" ? claim : run(deps, scope, holder, claim);
    },
    purge: () => store.purge(keepMs),
  };
}

function run(
  { store, log }: RepeatsDeps,
  scope: Scope,
  holder: { readonly holder: string; readonly leaseMs: number },
  { id, isRepeat }: { readonly id: string; readonly isRepeat: boolean },
): RunningAttempt {
  const failed = (error: unknown) => log.warn("idempotency.not_kept", { objectId: id, reason: reasonOf(error) });
  // A failed renewal does no harm, because the next one comes before the lease ends.
  const renewal = setInterval(() => void store.renew(scope, holder).catch(() => {}), holder.leaseMs / 3);

  async function leaves(error: unknown): Promise<boolean> {
    // An earlier attempt may have stored more than this one.
    if (isRepeat || (error instanceof AppError && error.uncertain)) return true;
    // If the database is away, no other attempt can have claimed the key in the meantime either.
    return !(await store.renew(scope, holder).catch(() => true));
  }

  return {
    kind: "running",
    id,
    isRepeat,
    leaves,
    async confirm() {
      if (!(await store.renew(scope, holder))) throw stillRunning();
    },
    async finish(answer, fingerprint) {
      clearInterval(renewal);
      await store.finish(scope, holder.holder, answer, fingerprint).catch(failed);
    },
    async giveUp(error) {
      clearInterval(renewal);
      const isOpen = await leaves(error);
      await (isOpen ? store.leave : store.release)(scope, holder.holder).catch(failed);
    },
  };
}

function stillRunning() {
  return new AppError("conflict", "A request with this Idempotency-Key is still being processed.", { mayPass: true });
}
