import { readPrivateKey } from "../app/connections.ts";
import { describeSettings } from "../settings/describe.ts";
import type { Settings } from "../settings/settings.ts";

/** What the service runs on, for the start-up log: settings without secrets, and the keys by what may be known of them. */
export function describeService(settings: Settings): Record<string, string | number | boolean> {
  const { curve, publicKey } = readPrivateKey(settings);
  const authorities = settings.extraCaCerts?.pem.match(/-----BEGIN [A-Z ]*CERTIFICATE-----/g) ?? [];
  return {
    "key.curve": curve,
    "key.fingerprint": publicKey.fingerprint,
    "extraCaCerts.count": authorities.length,
    ...describeSettings(settings),
  };
}
