import { openReleases } from "../../src/app/release-services.ts";
import { openStores } from "../../src/commands/open-stores.ts";
import { AppError } from "../../src/errors.ts";
import type { Log } from "../../src/log.ts";
import type { Releases } from "../../src/release/releases.ts";
import type { Environment } from "../../src/settings/environment.ts";
import type { Settings } from "../../src/settings/settings.ts";

/**
 * TEST_RELEASE_REVIEW=all runs suites with a gate before every final and somebody who lets everything out at once. What they
 * expect stays: a final that is out in the time that a client would have waited for it is answered 204, as without the gate.
 *
 * Two kinds of tests expect what cannot be with a gate, and fail then. A final is acknowledged before the Hub is asked, so
 * that a name that is taken is no 409 but a new name, and what the Hub refuses no 502 but a rejected submission
 * (`final-hub`, `final-failures`, the last lines of `final-localdp`). And a gate turns the record on, with rows of its own
 * (`record`, `operators`).
 */
const review = Bun.env.TEST_RELEASE_REVIEW;

/** Suites that say themselves what is held, and those without a queue, stay as they are. */
export const isReviewed = (env: Environment) =>
  review !== undefined && env.RELEASE__REVIEW === undefined && env.FINAL__QUEUE !== "0";
export const reviewEnv = { RELEASE__REVIEW: review };

export interface Approver {
  /** The answer to a final as it would be if nobody had to approve it. */
  settle(answer: Response, askAgain: (path: string) => Promise<Response>): Promise<Response>;
  stop(): Promise<void>;
}

const reviewer = { name: "everything", subject: "everything" };
const quiet: Log = { debug() {}, info() {}, warn() {}, error() {} };
const pauseMs = 20;
const behindMs = 1_000;

interface Told {
  readonly status: string;
  readonly attempts: number;
  readonly last_error: string | null;
}

/** Lets out all that is held, beside the service, as the command does. */
export async function startApprover(settings: Settings): Promise<Approver> {
  let [isStopped, approved] = [false, 0];
  const stores = await openStores(settings, quiet);
  const releases = openReleases(settings, stores, quiet);
  const loop = (async () => {
    while (!isStopped) {
      // A database that a suite takes away comes back.
      approved += await approveAll(releases).catch(() => 0);
      await Bun.sleep(pauseMs);
    }
    await stores.close();
    if (approved > 0) console.log(`${approved} finals were approved`);
  })();

  return {
    async settle(answer, askAgain) {
      if (answer.status !== 202) return answer;
      const { submission_id: id } = (await answer.clone().json()) as { submission_id: string };
      const endMs = performance.now() + settings.submissions.waitSeconds * 1000;
      let queuedForMs = 0;
      do {
        const found = await askAgain(`/final/submissions/${id}`);
        if (!found.ok) return answer;
        const { status, attempts, last_error: problem } = (await found.json()) as Told;
        if (status === "delivered") return new Response(null, { status: 204, headers: answer.headers });
        // As without the gate nobody waits for one that has failed, or that stands behind such a one.
        if (status === "queued") queuedForMs += pauseMs;
        if (problem !== null || (attempts === 0 && queuedForMs > behindMs)) return answer;
        await Bun.sleep(pauseMs);
      } while (performance.now() < endMs);
      return answer;
    },
    async stop() {
      isStopped = true;
      await loop;
    },
  };
}

async function approveAll(releases: Releases): Promise<number> {
  const { releases: held } = await releases.page({ status: "held" }, "oldest", undefined, 200);
  for (const { id: submissionId, sha256 } of held) {
    const decision = { submissionId, kind: "approved", sha256, reason: undefined } as const;
    await releases.decide([decision], reviewer).catch((error: unknown) => {
      if (!(error instanceof AppError)) throw error;
    });
  }
  return held.length;
}
