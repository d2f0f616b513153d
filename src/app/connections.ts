import { type PrivateKey, parsePrivateKey } from "../crypto/keys.ts";
import { reasonOf } from "../errors.ts";
import { createHub } from "../hub/create-hub.ts";
import type { Hub } from "../hub/hub.ts";
import { createOutbound } from "../hub/transport/create-outbound.ts";
import type { Outbound, OutboundLimits } from "../hub/transport/outbound.ts";
import type { Authenticator } from "../identity/authenticator.ts";
import { createJwtAuthenticator } from "../identity/jwt-authenticator.ts";
import { createRemoteKeys } from "../identity/remote-keys.ts";
import type { Log } from "../log.ts";
import type { FetchKeys } from "../observability/observed-calls.ts";
import type { Settings } from "../settings/settings.ts";

/** A monotonic clock, for measuring ages. Setting the machine's clock does not change it. */
const steadyNow = () => performance.now();

/** Throws an Error that names the setting when its key cannot be used. */
export function readPrivateKey({ crypto: { key } }: Settings): PrivateKey {
  try {
    return parsePrivateKey(key.pem);
  } catch (error) {
    const problem = reasonOf(error);
    throw new Error(`The private key (${key.source}) cannot be used: ${problem}`, { cause: error });
  }
}

export function connectOutbound({ proxy }: Settings, log: Log, limits: Partial<OutboundLimits> = {}): Outbound {
  return createOutbound({ proxy, log, limits });
}

export function hubUrls({ hub }: Settings) {
  return { authUrl: hub.authBaseUrl, coreUrl: hub.coreBaseUrl, storageUrl: hub.storageBaseUrl };
}

/** `limitMs` limits a look-up as a whole; the default is 15 s. */
export function connectHub(settings: Settings, outbound: Outbound, log: Log, limitMs?: number): Hub {
  const { auth: signIn, cacheSeconds } = settings.hub;
  const limit = limitMs === undefined ? {} : { limitMs };
  return createHub({
    ...hubUrls(settings),
    signIn,
    outbound,
    cacheSeconds,
    now: steadyNow,
    wallNow: Date.now,
    log,
    ...limit,
  });
}

/** Does not use the Hub's proxy, because the identity provider is inside the node. */
export const fetchKeys: FetchKeys = (url, init) => fetch(url, init);

export function createAuthenticator(oidc: Settings["oidc"], log: Log, fetch: FetchKeys): Authenticator {
  const keys = createRemoteKeys({ url: oidc.certsUrl, fetch, now: steadyNow, log });
  if (oidc.skipJwtValidation) log.warn("identity.unchecked", { reason: "OIDC__SKIP_JWT_VALIDATION is set" });
  return createJwtAuthenticator({
    keys,
    now: Date.now,
    clientIdClaim: oidc.clientIdClaimName,
    algorithms: oidc.algorithms,
    issuer: oidc.issuer,
    audience: oidc.audience,
    skipValidation: oidc.skipJwtValidation,
  });
}
