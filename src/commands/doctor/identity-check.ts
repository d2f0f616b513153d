import { fetchKeys } from "../../app/connections.ts";
import { reasonOf } from "../../errors.ts";
import { explainFailure } from "../../hub/transport/network-failure.ts";
import { canVerify, isForSigning, suits } from "../../identity/can-verify.ts";
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
  const document = await readJson(discoveryOf(issuer));
  if (typeof document !== "object" || document === null || !("issuer" in document)) return undefined;
  const { issuer: own } = document;
  if (typeof own !== "string" || own === issuer) return undefined;
  return warning(
    `OIDC__ISSUER is ${issuer}, but the identity provider there calls itself ${own}, and every character counts`,
    `Set OIDC__ISSUER to what stands in the tokens as iss, such as ${own}.`,
  );
}

async function judgeKeys(keys: readonly RemoteKey[], url: string, algorithms: readonly string[]): Promise<Verdict> {
  const verifying = await Promise.all(
    keys.map(async (key) => {
      const answers = await Promise.all(algorithms.map((algorithm) => canVerify(key, algorithm)));
      return answers.includes(true);
    }),
  );
  const usable = verifying.filter(Boolean).length;
  if (usable > 0) return ok(`${url} has ${usable} key${usable === 1 ? "" : "s"} that can verify a token`);
  const none = `${url} has no key for ${algorithms.join(", ")}`;
  const signing = keys.filter(({ jwk }) => isForSigning(jwk));
  if (signing.some(({ jwk }) => algorithms.some((algorithm) => suits(jwk, algorithm)))) {
    return failed(
      `${none} that can be used: what there is is damaged, on another curve or too weak`,
      "Have the identity provider sign with a sound key: RSA needs 2048 bits or more.",
    );
  }
  if (signing.length === 0) {
    return failed(`${none}, but only keys for encryption`, "Have the identity provider offer a key for signatures.");
  }
  const offered = [...new Set(signing.map(({ jwk }) => jwk.alg ?? jwk.kty ?? "unknown"))];
  return failed(
    `${none}, but keys for ${offered.join(", ")}`,
    "Set OIDC__ALGORITHMS to what the identity provider signs with, or have it sign with what is set.",
  );
}

/** Operators often set a discovery document or an issuer instead of the key set; its `jwks_uri` is the right value. */
async function adviseOnUrl(url: string, issuer: string | undefined): Promise<string> {
  const document = await readJson(url);
  const found = readJwksUri(document) ?? readJwksUri(await readJson(discoveryOf(url)));
  if (found !== undefined) return `That is not the key set itself. Set OIDC__CERTS_URL to ${found}.`;
  const named = issuer === undefined ? undefined : readJwksUri(await readJson(discoveryOf(issuer)));
  if (named !== undefined && named !== url)
    return `The identity provider of OIDC__ISSUER names ${named}: set OIDC__CERTS_URL to it.`;
  return `Check OIDC__CERTS_URL${issuer === undefined ? "" : `, and the identity provider at ${issuer}`}; is it up?`;
}

const discoveryOf = (issuer: string): string => `${issuer.replace(/\/+$/, "")}/.well-known/openid-configuration`;

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
