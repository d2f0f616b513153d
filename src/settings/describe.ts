import type { Settings } from "./settings.ts";

export const MASK = "***";
const SECRETS: ReadonlySet<string> = new Set(["password", "secret", "clientSecret", "accessKey", "secretKey"]);
const LEFT_OUT: ReadonlySet<string> = new Set(["pem"]);

/** Masks everything before an `@`, because it may be a password. It works for invalid URLs too. */
export function maskUserInfo(text: string): string {
  return text.replace(/^([a-z]+:\/\/)?.*@/is, `$1${MASK}@`);
}

/**
 * Flattens the settings into one record (`storage.s3.bucket`) for the start-up log. Masks secrets and leaves out keys.
 */
export function describeSettings(settings: Settings): Record<string, string | number | boolean> {
  const described: Record<string, string | number | boolean> = {};
  function add(path: string, key: string, value: unknown) {
    if (value === undefined || LEFT_OUT.has(key)) return;
    if (SECRETS.has(key)) described[path] = MASK;
    else if (typeof value === "number" || typeof value === "boolean") described[path] = value;
    else if (Array.isArray(value)) described[path] = value.map(shortText).join(",");
    else if (typeof value === "object" && value !== null) {
      for (const [name, inner] of Object.entries(value)) add(path ? `${path}.${name}` : name, name, inner);
    } else described[path] = maskUserInfo(String(value));
  }
  add("", "", settings);
  return described;
}

function shortText(value: unknown): string {
  return typeof value === "object" && value !== null ? Object.values(value).join(":") : String(value);
}
