import { oneOf } from "../schemas.ts";
import type { SettingGroup } from "../setting.ts";

export const LOGGING = {
  LOG__LEVEL: {
    schema: oneOf("debug", "info", "warn", "error"),
    default: "info",
    doc: "Least important events to log: `debug`, `info`, `warn` or `error`.",
  },
  LOG__FORMAT: { schema: oneOf("json", "pretty"), default: "json", doc: "`json`, or `pretty` for people." },
} as const satisfies SettingGroup;
