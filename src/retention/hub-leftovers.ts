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
/** A Hub that is away, or going away, is not asked for each file. */
const mostFailures = 5;
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
  let [removed, failures] = [0, 0];
  const tried = new Set<string>();
  const listOld = async () => (await sent.listOld(before, batch)).filter(({ objectId }) => !tried.has(objectId));
  const fail = (error: unknown) => {
    failures += 1;
    return reasonOf(error);
  };
  for (let old = await listOld(); old.length > 0; old = await listOld()) {
    for (const { objectId, analysisId, attempts } of old) {
      // One may take as long as the Hub may take to answer.
      if (failures >= mostFailures || !(await goesOn())) return tell(log, removed);
      tried.add(objectId);
      const reason = await hub.removeFile(objectId).then((gone) => (gone ? undefined : "the Hub refuses"), fail);
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
  }
  tell(log, removed);
}

function tell(log: Log, files: number): void {
  if (files > 0) log.info("retention.intermediates.removed", { files });
}
