import { fetchKeys } from "../../app/connections.ts";
import { reasonOf } from "../../errors.ts";
import { explainFailure } from "../../hub/transport/network-failure.ts";
import { createRemoteKeys, type RemoteKey } from "../../identity/remote-keys.ts";
import type { DoctorContext } from "./context.ts";
import { type Check, failed, ok, type Verdict, warning } from "./verdict.ts";

/** Checks that the identity provider has keys that can verify a token. */
export function identityCheck({ settings, log }: DoctorContext): Check {
  const { certsUrl: url, algorithms, skipJwtValidation, issuer } = settings.oidc;

  async function run(): Promise<Verdict> {
    if (skipJwtValidation) {
      const remedy = "Unset OIDC__SKIP_JWT_VALIDATION; it is for development only.";
      return warning("every token is believed unchecked", remedy);
    }
    const source = createRemoteKeys({ url, fetch: fetchKeys, now: Date.now, log });
    const keys = await source.get().catch((error: unknown) => error);
    if (!Array.isArray(keys)) {
      return failed(`the key set cannot be had: ${explain(keys, url)}`, await adviseOnUrl(url, issuer));
    }
    const verdict = await judgeKeys(await source.get(), url, algorithms);
    if (verdict.status !== "ok" || issuer === undefined) return verdict;
    return (await compareIssuer(issuer)) ?? verdict;
  }
  return { name: "token keys", run };
}

/** Tokens carry the provider's own name as `iss`, which must match character by character (RFC 7519 §4.1.1). */
async function compareIssuer(issuer: string): Promise<Verdict | undefined> {
  const document = await readJson(`${issuer.replace(/\/+$/, "")}/.well-known/openid-configuration`);
  if (typeof document !== "object" || document === null || !("issuer" in document)) return undefined;
  const { issuer: own } = document;
  if (typeof own !== "string" || own === issuer) return undefined;
  return warning(
    `OIDC__ISSUER is ${issuer}, but the identity provider there calls itself ${own}, and every character counts`,
    `Set OIDC__ISSUER to what stands in the tokens as iss, such as ${own}.`,
  );
}

async function judgeKeys(keys: readonly RemoteKey[], url: string, algorithms: readonly string[]): Promise<Verdict> {
  let usable = 0;
  for (const key of keys) {
    const isForSigning = key.jwk.use === undefined || key.jwk.use === "sig";
    const made = await Promise.all(algorithms.map((algorithm) => key.forAlgorithm(algorithm)));
    if (isForSigning && made.some((one) => one !== undefined)) usable += 1;
  }
  if (usable > 0) return ok(`${url} has ${usable} key${usable === 1 ? "" : "s"} that can verify a token`);
  const offered = [...new Set(keys.flatMap(({ jwk }) => (jwk.use === "enc" ? [] : [jwk.alg ?? jwk.kty ?? "unknown"])))];
  const seen = offered.length === 0 ? "only keys for encryption" : `keys for ${offered.join(", ")}`;
  return failed(
    `${url} has no key for ${algorithms.join(", ")}, but ${seen}`,
    "Set OIDC__ALGORITHMS to what the identity provider signs with, or have it sign with what is set.",
  );
}

/** Operators often set a discovery document or an issuer instead of the key set; its `jwks_uri` is the right value. */
async function adviseOnUrl(url: string, issuer: string | undefined): Promise<string> {
  const document = await readJson(url);
  const found =
    readJwksUri(document) ?? readJwksUri(await readJson(`${url.replace(/\/$/, "")}/.well-known/openid-configuration`));
  if (found !== undefined) return `That is not the key set itself. Set OIDC__CERTS_URL to ${found}.`;
  return `Check OIDC__CERTS_URL${issuer === undefined ? "" : `, and the identity provider at ${issuer}`}; is it up?`;
}

async function readJson(url: string): Promise<unknown> {
  try {
    const response = await fetchKeys(url, { signal: AbortSignal.timeout(3_000) });
    return response.ok ? await response.json() : undefined;
  } catch {
    return undefined;
  }
}

function readJwksUri(document: unknown): string | undefined {
  if (typeof document !== "object" || document === null || !("jwks_uri" in document)) return undefined;
  return typeof document.jwks_uri === "string" ? document.jwks_uri : undefined;
}

/** Explains a network error in the same words as for the Hub, and any other error in its own words. */
function explain(error: unknown, url: string): string {
  const cause = error instanceof Error ? (error.cause ?? error) : error;
  const isOfNetwork = cause instanceof Error && ("code" in cause || cause.name === "TimeoutError");
  return reasonOf(isOfNetwork ? explainFailure(cause, { origin: new URL(url).origin }).error : cause);
}
