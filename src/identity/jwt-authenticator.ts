import { decodeJwt, decodeProtectedHeader, errors, type JWTPayload, jwtVerify } from "jose";
import { AppError, reasonOf } from "../errors.ts";
import { parseUuid } from "../uuid.ts";
import type { Authenticator, Identified } from "./authenticator.ts";
import { suits } from "./can-verify.ts";
import type { RemoteKey, RemoteKeys } from "./remote-keys.ts";
import { createVerifiedTokens, type VerifiedTokens } from "./verified-tokens.ts";

const leewaySeconds = 60;

export interface JwtAuthenticatorOptions {
  readonly keys: RemoteKeys;
  readonly now: () => number;
  readonly clientIdClaim: string;
  readonly algorithms: readonly string[];
  readonly issuer?: string | undefined;
  readonly audience?: string | undefined;
  /** For development only: accepts the claims without a check of signature and times. */
  readonly skipValidation?: boolean;
}

/** Checks JWTs (RFC 7519, with the precautions of RFC 8725) with a remote key set. */
export function createJwtAuthenticator(options: JwtAuthenticatorOptions): Authenticator {
  const verified = createVerifiedTokens(options.now);
  async function identify(authorization: string | undefined): Promise<Identified> {
    const token = /^bearer +(\S+) *$/i.exec(authorization ?? "")?.[1];
    if (token === undefined) throw new AppError("not_authenticated", "Not authenticated");
    try {
      const claims = options.skipValidation ? decodeJwt(token) : await verify(token, verified, options);
      return { clientId: readClientId(claims, options.clientIdClaim), claims };
    } catch (error) {
      if (error instanceof AppError) throw error;
      const reason = error instanceof errors.JOSEError || error instanceof TypeError ? error.message : "invalid token";
      throw rejected(reason, error);
    }
  }

  return {
    identify,
    authenticate: async (authorization) => (await identify(authorization)).clientId,
    async check() {
      if (!options.skipValidation) await options.keys.get();
    },
  };
}

async function verify(token: string, verified: VerifiedTokens, options: JwtAuthenticatorOptions): Promise<JWTPayload> {
  const known = verified.find(token);
  if (known !== undefined && known.keys === (await options.keys.get())) return known.payload;
  const { alg, kid } = decodeProtectedHeader(token);
  if (alg === undefined || !options.algorithms.includes(alg)) {
    throw rejected(`"alg" (Algorithm) Header Parameter value not allowed`);
  }
  const keys = await options.keys.get();
  const first = await tryKeys(token, alg, kid, keys, options);
  const renewed = "payload" in first ? undefined : await options.keys.refresh();
  const last = renewed === undefined ? first : await tryKeys(token, alg, kid, renewed, options);
  if (!("payload" in last)) throw rejected(last.reason);
  verified.add(token, renewed ?? keys, last.payload);
  return last.payload;
}

/**
 * Several keys may fit a token without `kid`. After a wrong signature the next key is tried; any other defect of the
 * token is final.
 */
async function tryKeys(
  token: string,
  alg: string,
  kid: string | undefined,
  keys: readonly RemoteKey[],
  options: JwtAuthenticatorOptions,
): Promise<{ payload: JWTPayload } | { reason: string }> {
  let reason = "no applicable key found in the JSON Web Key Set";
  for (const candidate of keys.filter((key) => fits(key, alg, kid))) {
    const key = await candidate.forAlgorithm(alg);
    if (key === undefined) continue;
    try {
      const { payload } = await jwtVerify(token, key, verifyOptions(options));
      refuseFuture(payload, options.now());
      return { payload };
    } catch (error) {
      // A key that is too weak (RSA under 2048 bits) fails only here, with an error that is no JOSEError. Then try the
      // next key.
      if (error instanceof errors.JOSEError && !(error instanceof errors.JWSSignatureVerificationFailed)) throw error;
      if (error instanceof AppError) throw error;
      reason = reasonOf(error);
    }
  }
  return { reason };
}

/** Refuses a token whose `iat` is in the future. The library checks this only if `maxTokenAge` is set. */
function refuseFuture({ iat = 0 }: JWTPayload, now: number): void {
  if (iat <= now / 1000 + leewaySeconds) return;
  throw rejected(`"iat" claim timestamp check failed (it should be in the past)`);
}

function verifyOptions(options: JwtAuthenticatorOptions) {
  return {
    algorithms: [...options.algorithms],
    clockTolerance: leewaySeconds,
    currentDate: new Date(options.now()),
    requiredClaims: ["iat", "exp", options.clientIdClaim],
    ...(options.issuer === undefined ? {} : { issuer: options.issuer }),
    ...(options.audience === undefined ? {} : { audience: options.audience }),
  };
}

/**
 * Whether a key can have signed the token (RFC 7515 §4.1.4, RFC 7517 §4). The token, the key or both may lack a `kid`.
 */
function fits({ jwk }: RemoteKey, alg: string, kid: string | undefined): boolean {
  return suits(jwk, alg) && (kid === undefined || jwk.kid === undefined || jwk.kid === kid);
}

function readClientId(payload: JWTPayload, claim: string): string {
  const value = payload[claim];
  if (typeof value !== "string" || value === "") throw rejected(`"${claim}" claim must be a non-empty string`);
  return parseUuid(value) ?? value;
}

function rejected(reason: string, cause?: unknown) {
  return new AppError("token_rejected", "JWT is malformed", { operatorDetail: reason, cause });
}
