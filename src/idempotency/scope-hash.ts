import { createHash } from "node:crypto";
import type { Scope } from "./idempotency-store.ts";

/** A hash of fixed length, so that any client id from a token fits into the index. */
export function scopeHash({ analysisId, route, key }: Scope): string {
  return createHash("sha256")
    .update(JSON.stringify([analysisId, route, key]))
    .digest("hex");
}
