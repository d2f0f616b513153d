import type { CryptoKey, JWK } from "jose";
import { importJWK } from "jose";
import { AppError, reasonOf } from "../errors.ts";
import type { Log } from "../log.ts";
import { createSingleFlight } from "../time/single-flight.ts";

/** A key set has a few KiB. A larger response is refused. */
const maxBytes = 1024 * 1024;

export interface RemoteKey {
  readonly jwk: JWK;
  /** The key, imported for this algorithm; `undefined` if it cannot be used with it. */
  forAlgorithm(algorithm: string): Promise<CryptoKey | undefined>;
}

export interface RemoteKeys {
  /**
   * The key set, at most `maxAgeMs` old. If the provider cannot be reached, an older set is used. Throws
   * `auth_provider_unavailable` if no set was ever loaded.
   */
  get(): Promise<readonly RemoteKey[]>;
  /**
   * Fetches the key set again, for a token that no key fits. `undefined` if the fetch fails, or if the last one was
   * less than `cooldownMs` ago (`retryMs` if that one failed).
   */
  refresh(): Promise<readonly RemoteKey[] | undefined>;
}

export interface RemoteKeysOptions {
  readonly url: string;
  readonly fetch: (url: string, init: RequestInit) => Promise<Response>;
  readonly now: () => number;
  readonly log: Log;
  readonly timeoutMs?: number;
  readonly maxAgeMs?: number;
  readonly cooldownMs?: number;
  readonly retryMs?: number;
}

/** Loads and caches a JSON Web Key Set (RFC 7517 §5) from a URL. One fetch runs at a time; all callers share it. */
export function createRemoteKeys(options: RemoteKeysOptions): RemoteKeys {
  const { timeoutMs = 5_000, maxAgeMs = 600_000, cooldownMs = 30_000, retryMs = 5_000, now, log } = options;
  let keys: readonly RemoteKey[] | undefined;
  let loadedAt = Number.NEGATIVE_INFINITY;
  let triedAt = Number.NEGATIVE_INFINITY;
  let hasFailed = false;
  let failure: unknown;

  async function load(): Promise<boolean> {
    triedAt = now();
    try {
      keys = await fetchKeys(options, timeoutMs);
      loadedAt = now();
      hasFailed = false;
      log.debug("jwks.loaded", { keys: keys.length });
      return true;
    } catch (error) {
      failure = error;
      hasFailed = true;
      // Set again, because the failed fetch may have taken some time.
      triedAt = now();
      log.warn("jwks.failed", { url: options.url, reason: reasonOf(error), cached: keys !== undefined });
      return false;
    }
  }

  const loading = createSingleFlight(load);

  return {
    async get() {
      const stale = now() - loadedAt >= maxAgeMs;
      if (stale && (loading.isRunning() || now() - triedAt >= retryMs)) {
        const loaded = loading.run();
        // After a failed fetch the old keys serve at once, and the fetch runs in the background. Otherwise every
        // request would wait for a provider that does not respond.
        if (keys === undefined || !hasFailed) await loaded;
      }
      if (keys !== undefined) return keys;
      throw new AppError("auth_provider_unavailable", "Auth provider is unavailable", { cause: failure });
    },
    async refresh() {
      if (!loading.isRunning() && now() - triedAt < (hasFailed ? retryMs : cooldownMs)) return undefined;
      return (await loading.run()) ? keys : undefined;
    },
  };
}

async function fetchKeys(options: RemoteKeysOptions, timeoutMs: number): Promise<readonly RemoteKey[]> {
  const response = await followAtHome(options, timeoutMs);
  if (response.status !== 200) {
    await response.body?.cancel();
    throw new Error(`the key set's URL answered ${response.status}`);
  }
  const parsed = parseJson(await readLimited(response));
  const list = typeof parsed === "object" && parsed !== null && "keys" in parsed ? parsed.keys : undefined;
  if (!Array.isArray(list)) throw new Error("the answer is not a JSON Web Key Set");
  const keys = list.filter(isJwk).filter(isPublic);
  // An empty set is an error, such as that of a provider that is just starting. Otherwise every token would be refused.
  if (list.length === 0) throw new Error("the key set holds no key");
  if (keys.length === 0) throw new Error("the key set holds no public key, only what must not be published");
  return keys.map(createRemoteKey);
}

const maxRedirects = 3;

/**
 * Follows redirects only within the provider's origin, because keys from another host would be trusted like the
 * provider's own.
 */
async function followAtHome({ url, fetch }: RemoteKeysOptions, timeoutMs: number): Promise<Response> {
  const signal = AbortSignal.timeout(timeoutMs);
  const home = new URL(url);
  let next = url;
  for (let count = 0; count <= maxRedirects; count += 1) {
    const response = await fetch(next, { headers: { accept: "application/json" }, signal, redirect: "manual" });
    const location = response.headers.get("location");
    if (location === null || ![301, 302, 303, 307, 308].includes(response.status)) return response;
    await response.body?.cancel();
    const target = new URL(location, next);
    if (target.origin !== home.origin)
      throw new Error(`the key set's URL redirects to another host, ${target.origin}; name the right one`);
    next = target.href;
  }
  throw new Error("the key set's URL redirects without end");
}

async function readLimited(response: Response): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  let bytes = 0;
  for await (const chunk of response.body ?? []) {
    bytes += chunk.byteLength;
    if (bytes > maxBytes) throw new Error("the key set is larger than 1 MiB");
    text += decoder.decode(chunk, { stream: true });
  }
  return text + decoder.decode();
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new Error("the answer is not a JSON Web Key Set, nor JSON at all", { cause });
  }
}

function isJwk(value: unknown): value is JWK {
  return typeof value === "object" && value !== null && "kty" in value && typeof value.kty === "string";
}

/** Excludes shared secrets and keys that contain private members (RFC 7518 §6): anybody could sign tokens with them. */
function isPublic(jwk: JWK): boolean {
  return jwk.kty !== "oct" && privateParts.every((part) => !(part in jwk));
}

const privateParts = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"];

function createRemoteKey(jwk: JWK): RemoteKey {
  const ready = new Map<string, Promise<CryptoKey | undefined>>();
  return {
    jwk,
    forAlgorithm(algorithm) {
      const known = ready.get(algorithm);
      if (known !== undefined) return known;
      const made = importJWK(jwk, algorithm).then(
        (key) => (key instanceof Uint8Array ? undefined : key),
        () => undefined,
      );
      ready.set(algorithm, made);
      return made;
    },
  };
}
