import { readPrivateKey } from "../app/connections.ts";
import { describeSettings } from "../settings/describe.ts";
import type { Settings } from "../settings/settings.ts";

/** Describes the service for the start-up log: the settings without secrets, and the key's curve and fingerprint. */
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
