import type { JWTPayload } from "jose";
import { LRUCache } from "lru-cache";
import type { RemoteKey } from "./remote-keys.ts";

/**
 * A cache of verified tokens: an analysis sends the same token with each request, and only the first needs a signature
 * check. The key is the SHA-256 of the whole token. An entry is valid until the token's `exp` (RFC 7519 §4.1.4), and
 * only while the key set that verified it is in use.
 */
export interface VerifiedTokens {
  find(token: string): VerifiedToken | undefined;
  add(token: string, keys: readonly RemoteKey[], payload: JWTPayload): void;
}

export interface VerifiedToken {
  /** The key set that verified the token. The entry is invalid when another set is in use. */
  readonly keys: readonly RemoteKey[];
  readonly payload: JWTPayload;
  /** Milliseconds since the epoch. */
  readonly verifiedAt: number;
}

const maxTokens = 1_000;

/** `now` is in milliseconds since the epoch. */
export function createVerifiedTokens(now: () => number): VerifiedTokens {
  const known = new LRUCache<string, VerifiedToken>({ max: maxTokens });
  return {
    find(token) {
      const digest = digestOf(token);
      const entry = known.get(digest);
      if (entry === undefined) return undefined;
      const { payload, verifiedAt } = entry;
      const expiresAt = (payload.exp ?? 0) * 1000;
      // If the clock was set back, the token may not be valid yet (`nbf`). So it is verified again.
      if (now() < expiresAt && now() >= verifiedAt) return entry;
      known.delete(digest);
      return undefined;
    },
    add(token, keys, payload) {
      known.set(digestOf(token), { keys, payload, verifiedAt: now() });
    },
  };
}

function digestOf(token: string): string {
  return new Bun.CryptoHasher("sha256").update(token).digest("base64");
}
