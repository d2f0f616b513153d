import { ENCRYPTION } from "./groups/encryption.ts";
import { HUB } from "./groups/hub.ts";
import { IDENTITY } from "./groups/identity.ts";
import { LOGGING } from "./groups/logging.ts";
import { NETWORK } from "./groups/network.ts";
import { OPERATORS } from "./groups/operators.ts";
import { PRIVACY } from "./groups/privacy.ts";
import { RECORD } from "./groups/record.ts";
import { RELEASE } from "./groups/release.ts";
import { RESULTS } from "./groups/results.ts";
import { RETENTION } from "./groups/retention.ts";
import { SERVER } from "./groups/server.ts";
import { STORAGE } from "./groups/storage.ts";
import type { SettingGroup, ValueOf } from "./setting.ts";

/** Every setting. The types, docs/settings.md and .env.example are made from this list. */
export const SETTINGS = {
  ...HUB,
  ...STORAGE,
  ...IDENTITY,
  ...ENCRYPTION,
  ...RESULTS,
  ...PRIVACY,
  ...OPERATORS,
  ...RECORD,
  ...RETENTION,
  ...RELEASE,
  ...SERVER,
  ...NETWORK,
  ...LOGGING,
};

export const SETTING_GROUPS: readonly { readonly title: string; readonly settings: SettingGroup }[] = [
  { title: "Hub", settings: HUB },
  { title: "Storage", settings: STORAGE },
  { title: "Identity provider", settings: IDENTITY },
  { title: "Encryption", settings: ENCRYPTION },
  { title: "Results", settings: RESULTS },
  { title: "Differential privacy", settings: PRIVACY },
  { title: "Operators", settings: OPERATORS },
  { title: "Record", settings: RECORD },
  { title: "Retention and quotas", settings: RETENTION },
  { title: "Release", settings: RELEASE },
  { title: "Server", settings: SERVER },
  { title: "Network", settings: NETWORK },
  { title: "Logging", settings: LOGGING },
];

export type SettingName = keyof typeof SETTINGS;

/** The value of each setting after all of them have passed the check. */
export type SettingValues = { readonly [Name in SettingName]: ValueOf<(typeof SETTINGS)[Name]> };
