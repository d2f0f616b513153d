import { existsSync } from "node:fs";
import { watchesPeers } from "../../app/open-peers.ts";
import { sqlitePath } from "../../app/storage.ts";
import type { Peer } from "../../peers/peer-store.ts";
import type { Settings } from "../../settings/settings.ts";
import { openStores } from "../open-stores.ts";
import { listPeers } from "../peers.ts";
import type { DoctorContext } from "./context.ts";
import { type Check, ok, type Verdict, warning } from "./verdict.ts";

/** Checks the other nodes' framing and whether their keys changed. There is no check if no setting makes that matter. */
export function peersChecks({ settings, log }: DoctorContext): readonly Check[] {
  const { storage } = settings;
  if (!watchesPeers(settings)) return [];
  if (storage.kind === "directory" && !existsSync(sqlitePath(storage.dataDir))) return [];
  return [
    {
      name: "peers",
      async run() {
        const stores = await openStores(settings, log);
        return judge(settings.crypto, await listPeers(stores.peers).finally(stores.close));
      },
    },
  ];
}

function judge({ accept }: Settings["crypto"], peers: readonly Peer[]): Verdict {
  const heard = peers.filter(({ framing }) => framing !== undefined);
  const older = heard.filter(({ framing }) => framing !== "bound");
  const named = heard.map(({ nodeId, framing, lastSeen }) => {
    return `${nodeId} (${framing}, ${lastSeen.toISOString().slice(0, 10)})`;
  });
  const bound = heard.length - older.length;
  const seen = `${peers.length} known, ${bound} of them last seen with bound framing${named.length > 0 ? `: ${named.join(", ")}` : ""}`;
  const waiting = peers.filter(({ waitingKeySha256 }) => waitingKeySha256 !== undefined).map(({ nodeId }) => nodeId);
  if (waiting.length > 0) {
    const remedy = "Ask that node's people for their key, then `flame-result peers trust NODE`.";
    return warning(`the Hub gives another public key than before for ${waiting.join(", ")}; ${seen}`, remedy);
  }
  if (older.length === 0 || accept === "any") return ok(seen);
  return warning(seen, "CRYPTO__ACCEPT=bound refuses their files: let them set CRYPTO__FRAMING=bound.");
}
