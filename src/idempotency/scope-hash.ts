import { createHash } from "node:crypto";
import type { Scope } from "./idempotency-store.ts";

/** Of a length that any index takes, whatever a token calls its client. */
export function scopeHash({ analysisId, route, key }: Scope): string {
  return createHash("sha256")
    .update(JSON.stringify([analysisId, route, key]))
    .digest("hex");
}
