import { reasonOf } from "../errors.ts";
import type { HubFiles } from "../hub/hub.ts";
import type { Log } from "../log.ts";
import type { Recorder } from "../record/recorder.ts";
import type { SentIntermediates } from "./sent-intermediates.ts";

export interface HubLeftoversDeps {
  readonly sent: SentIntermediates;
  readonly hub: Pick<HubFiles, "removeFile">;
  readonly recorder: Pick<Recorder, "note">;
  readonly log: Log;
}

const batch = 100;
/** The Hub may refuse for good. */
const mostAttempts = 24;

/**
 * Removes from the Hub what this node sent before that time, as far as the Hub lets it; never another node's files, for only
 * its own are known here. What fails is tried again the next time.
 */
export async function removeOldIntermediates(
  { sent, hub, recorder, log }: HubLeftoversDeps,
  before: Date,
  goesOn: () => Promise<boolean>,
): Promise<void> {
  let removed = 0;
  const tried = new Set<string>();
  for (;;) {
    const old = (await sent.listOld(before, batch)).filter(({ objectId }) => !tried.has(objectId));
    if (old.length === 0 || !(await goesOn())) break;
    for (const { objectId, analysisId, attempts } of old) {
      tried.add(objectId);
      const reason = await hub.removeFile(objectId).then((gone) => (gone ? undefined : "the Hub refuses"), reasonOf);
      if (reason === undefined) {
        await recorder.note({ event: "result.expired", actor: "retention", analysisId, objectId, outcome: "ok" });
        log.info("result.expired", { analysisId, objectId, outcome: "ok", user: "retention" });
        await sent.remove(objectId);
        removed += 1;
      } else if (attempts + 1 >= mostAttempts) {
        log.info("intermediate.kept", { objectId, reason });
        await sent.remove(objectId);
      } else {
        await sent.noteAttempt(objectId);
      }
    }
    // A Hub that is away is not asked for each of them.
    if (removed === 0) break;
  }
  if (removed > 0) log.info("retention.intermediates.removed", { files: removed });
}
