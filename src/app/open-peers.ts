import { parsePublicKey } from "../crypto/keys.ts";
import type { Log } from "../log.ts";
import { createPeers } from "../peers/create-peers.ts";
import type { Peers } from "../peers/peers.ts";
import type { Settings } from "../settings/settings.ts";
import type { Storage } from "./storage.ts";

/** Whether any setting depends on the keys or framings of other nodes. */
export function watchesPeers({ crypto: { framing, accept, pin } }: Settings): boolean {
  return framing === "bound" || framing === "auto" || accept === "bound" || pin === "strict";
}

export function openPeers(
  { crypto: { framing, pin } }: Settings,
  { peers: store }: Pick<Storage, "peers">,
  log: Log,
): Peers {
  return createPeers({ store, framing, pin, fingerprintOf, steadyNow: () => performance.now(), log });
}

function fingerprintOf(publicKey: string): string | undefined {
  try {
    return parsePublicKey(publicKey).fingerprint;
  } catch {
    return undefined;
  }
}
