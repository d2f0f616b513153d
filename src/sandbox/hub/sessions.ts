import type { Identity } from "./state.ts";

export interface TokenPair {
  readonly accessToken: string;
  readonly refreshToken: string | undefined;
}

/** The tokens issued, and whether they are still valid. */
export interface HubSessions {
  start(identity: Identity, withRefresh: boolean): TokenPair;
  /** A refresh token is single use: the second use gives `replayed`. */
  refresh(refreshToken: string): TokenPair | "unknown" | "replayed";
  /** The owner of an access token, or why the token is refused. */
  identify(accessToken: string): Identity | TokenRefusal;
  revokeAll(): void;
  /** From now on, access tokens issued so far count as signed by a key that is gone. */
  rotateKeys(): void;
}

/** What is wrong with an access token. Real Hubs have a different message for each. */
export type TokenRefusal = "damaged" | "expired" | "unknown-key";

interface Session {
  readonly identity: Identity;
  revoked: boolean;
}

interface Options {
  readonly tokenLifeSeconds: number;
  readonly refreshLifeSeconds: number;
  /** Whether the reuse of a refresh token ends its session. */
  readonly replayRevokes: boolean;
  readonly now: () => number;
}

export function createHubSessions({ tokenLifeSeconds, refreshLifeSeconds, replayRevokes, now }: Options): HubSessions {
  const access = new Map<string, { session: Session; expiresAt: number; isOfOldKey: boolean }>();
  const refreshable = new Map<string, { session: Session; expiresAt: number; used: boolean }>();

  function issue(session: Session, withRefresh: boolean): TokenPair {
    const accessToken = randomToken();
    access.set(accessToken, { session, expiresAt: now() + tokenLifeSeconds * 1000, isOfOldKey: false });
    if (!withRefresh) return { accessToken, refreshToken: undefined };
    const refreshToken = randomToken();
    refreshable.set(refreshToken, { session, expiresAt: now() + refreshLifeSeconds * 1000, used: false });
    return { accessToken, refreshToken };
  }

  return {
    start: (identity, withRefresh) => issue({ identity, revoked: false }, withRefresh),
    refresh(refreshToken) {
      const entry = refreshable.get(refreshToken);
      if (entry === undefined || entry.session.revoked || entry.expiresAt <= now()) return "unknown";
      if (entry.used) {
        entry.session.revoked = replayRevokes;
        return "replayed";
      }
      entry.used = true;
      return issue(entry.session, true);
    },
    identify(accessToken) {
      const entry = access.get(accessToken);
      if (entry === undefined || entry.session.revoked) return "damaged";
      if (entry.isOfOldKey) return "unknown-key";
      return entry.expiresAt <= now() ? "expired" : entry.session.identity;
    },
    rotateKeys() {
      for (const entry of access.values()) entry.isOfOldKey = true;
    },
    revokeAll() {
      access.clear();
      refreshable.clear();
    },
  };
}

/** Opaque, but in the shape of a JWT. */
function randomToken(): string {
  return ["header", crypto.randomUUID(), crypto.randomUUID()].map((part) => btoa(part).replace(/=+$/, "")).join(".");
}
