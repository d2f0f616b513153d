import { decimal, flag } from "../schemas.ts";
import type { SettingGroup } from "../setting.ts";

export const PRIVACY = {
  DP__PROJECT_EPSILON: {
    schema: decimal(),
    doc: "Privacy budget of every project on this node, such as 10; not set = what is spent is only counted. Turns the record on.",
  },
  DP__MAX_EPSILON: {
    schema: decimal({ isPositive: true }),
    doc: "Largest epsilon of one release.",
  },
  DP__REQUIRED: {
    schema: flag,
    default: "0",
    doc: "1 = take final results with differential privacy only.",
  },
} as const satisfies SettingGroup;
