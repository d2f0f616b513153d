import { AppError, reasonOf } from "../errors.ts";
import type { Log } from "../log.ts";
import type { Attempt } from "./attempt.ts";
import type { Answer, Fingerprint, IdempotencyStore, Scope } from "./idempotency-store.ts";

/** An attempt that is under way; one of `finish` and `giveUp` ends it. Neither throws. */
export interface RunningAttempt extends Attempt {
  readonly kind: "running";
  finish(answer: Answer, fingerprint: Fingerprint): Promise<void>;
  /** After an error that the same request need not meet again. */
  giveUp(error: unknown): Promise<void>;
}

export interface FinishedRequest {
  readonly kind: "finished";
  readonly answer: Answer;
  readonly fingerprint: Fingerprint;
}

/** Sees to it that requests with one key are done once, in all processes together. */
export interface Repeats {
  /** Throws `conflict` while a request with the key is being processed. */
  begin(scope: Scope): Promise<RunningAttempt | FinishedRequest>;
  /** Forgets what is too old; resolves with how many. */
  purge(): Promise<number>;
}

export interface RepeatsDeps {
  readonly store: IdempotencyStore;
  readonly keepMs: number;
  readonly newId: () => string;
  readonly log: Log;
  /** How long a key rests whose process was killed. Renewed three times as often. */
  readonly leaseMs?: number;
}

/** Longer than a database takes to fail over. */
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
  // One that fails is made up for by the next.
  const renewal = setInterval(() => void store.renew(scope, holder).catch(() => {}), holder.leaseMs / 3);

  async function leaves(error: unknown): Promise<boolean> {
    // An earlier attempt may have done more than this one.
    if (isRepeat || (error instanceof AppError && error.uncertain)) return true;
    // A database that cannot tell has not given the key to anybody else for a while, either.
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
