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
/** Stops after so many failures in one run, so that it does not ask an unreachable Hub for each file. */
const mostFailures = 5;
/** Gives up a file after so many attempts, since the Hub may refuse forever. */
const mostAttempts = 24;

/**
 * Removes from the Hub the intermediates that this node sent before that time, if the Hub allows it. It knows only this
 * node's own files, so it never removes another node's. The next run tries failed removals again.
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
      // Renews the lease for each file, since one removal may take as long as the Hub's time limit.
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
