import { flag, wholeNumber } from "../schemas.ts";
import type { SettingGroup } from "../setting.ts";

export const RECORD = {
  RECORD__ENABLED: {
    schema: flag,
    default: "0",
    doc: "1 = keep a tamper-evident record of what leaves this node, comes in from others, is decided or destroyed. A release gate, a privacy budget, retention or quotas turn it on.",
  },
  RECORD__KEEP_DAYS: {
    schema: wholeNumber(0, 36_500),
    default: "0",
    doc: "How long rows of the record are kept; 0 = for ever.",
  },
} as const satisfies SettingGroup;
