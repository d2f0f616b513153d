import { connectHub, connectOutbound, readPrivateKey } from "../../app/connections.ts";
import type { PrivateKey } from "../../crypto/keys.ts";
import type { Hub } from "../../hub/hub.ts";
import type { Outbound } from "../../hub/transport/outbound.ts";
import { type Log, quietLog } from "../../log.ts";
import type { Settings } from "../../settings/settings.ts";

/** The service's own adapters for the checks, with short time limits, no retries and no log. */
export interface DoctorContext {
  readonly settings: Settings;
  readonly outbound: Outbound;
  readonly hub: Hub;
  /** Throws an error that says what is wrong with the key. */
  readonly privateKey: () => PrivateKey;
  readonly log: Log;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

/** Time limit of one request or one look-up. */
export const patienceMs = 5_000;

export function createDoctorContext(settings: Settings, now: () => number): DoctorContext {
  const outbound = connectOutbound(settings, quietLog, { attempts: 1, callMs: patienceMs });
  const hub = connectHub(settings, outbound, quietLog, patienceMs);
  return { settings, outbound, hub, privateKey: () => readPrivateKey(settings), log: quietLog, now };
}
