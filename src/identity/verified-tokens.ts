import type { JWTPayload } from "jose";
import { LRUCache } from "lru-cache";
import type { RemoteKey } from "./remote-keys.ts";

/**
 * Remembers tokens whose signature was found right, so that an analysis that sends the same one with each of its requests
 * is judged by one look-up. It knows a token by the SHA-256 of all of it, and never longer than the key set by which it was
 * verified is in use, nor beyond the token's own `exp` (RFC 7519 §4.1.4).
 */
export interface VerifiedTokens {
  find(token: string): VerifiedToken | undefined;
  add(token: string, keys: readonly RemoteKey[], payload: JWTPayload): void;
}

export interface VerifiedToken {
  /** It is worth nothing once others are in use. */
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
      // A clock that went back may have gone back behind the token's `nbf`.
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
