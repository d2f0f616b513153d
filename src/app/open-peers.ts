import { parsePublicKey } from "../crypto/keys.ts";
import type { Log } from "../log.ts";
import { createPeers } from "../peers/create-peers.ts";
import type { Peers } from "../peers/peers.ts";
import type { Settings } from "../settings/settings.ts";
import type { Storage } from "./storage.ts";

/** Whether anything is set that makes it matter what other nodes send. */
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
