import * as oauth from "oauth4webapi";
import { AppError, reasonOf } from "../errors.ts";
import type { Log } from "../log.ts";
import type { Claims } from "./operators.ts";

export interface OidcSettings {
  readonly issuer: string;
  readonly clientId: string;
  /** If it is missing, only PKCE protects the authorization code. */
  readonly clientSecret: string | undefined;
}

/** A sign-in that has begun: the browser is about to go to the identity provider. */
export interface PendingSignIn {
  /** State, nonce and code verifier, encoded. The browser keeps it in a cookie until it comes back. */
  readonly pending: string;
  readonly url: string;
}

/** Sign-in at the node's identity provider: authorization code flow with PKCE (RFC 6749, 7636, 9207; OpenID Connect Core). */
export interface OidcSignIn {
  readonly clientId: string;
  /** Begins a sign-in. Throws `auth_provider_unavailable`. */
  begin(redirectUrl: string): Promise<PendingSignIn>;
  /**
   * Completes a sign-in. Returns the verified claims of the ID token and, if it is a valid JWT, of the access token.
   * Throws `forbidden` if the provider refused or the authorization response does not belong to this browser's request,
   * and `auth_provider_unavailable` for other failures.
   */
  finish(answerUrl: string, pending: string | undefined, redirectUrl: string): Promise<readonly Claims[]>;
}

export interface OidcSignInDeps {
  readonly settings: OidcSettings;
  readonly fetch: (url: string, init: RequestInit) => Promise<Response>;
  /** Verifies an access token and returns its claims. If it rejects or gives `undefined`, only the ID token counts. */
  readonly judge: (accessToken: string) => Promise<Claims | undefined>;
  /** Milliseconds of a monotonic clock. */
  readonly steadyNow: () => number;
  readonly log: Log;
}

interface Secrets {
  readonly state: string;
  readonly nonce: string;
  readonly verifier: string;
}

const discoveryMaxAgeMs = 600_000;
const timeoutMs = 5_000;

/** Some providers have an issuer that ends in a slash, and settings may or may not say so: either is the same provider. */
function expectedIssuer(issuer: string, told: unknown): URL {
  const withSlash = `${issuer.replace(/\/+$/, "")}/`;
  const isTold = typeof told === "object" && told !== null && "issuer" in told && told.issuer === withSlash;
  return new URL(isTold ? withSlash : issuer);
}

export function createOidcSignIn(deps: OidcSignInDeps): OidcSignIn {
  const { settings, judge, steadyNow, log } = deps;
  const { issuer, clientId, clientSecret } = settings;
  const client: oauth.Client = { client_id: clientId };
  let known: { readonly server: oauth.AuthorizationServer; readonly at: number } | undefined;

  const options = () => ({
    [oauth.customFetch]: (url: string, init: oauth.CustomFetchOptions<string, unknown>) =>
      deps.fetch(url, { ...init, body: init.body as RequestInit["body"] } as RequestInit),
    // The identity provider is part of the node, where its URL may be http://.
    [oauth.allowInsecureRequests]: issuer.startsWith("http://"),
    signal: AbortSignal.timeout(timeoutMs),
  });

  async function discover(): Promise<oauth.AuthorizationServer> {
    if (known !== undefined && steadyNow() - known.at < discoveryMaxAgeMs) return known.server;
    const url = new URL(issuer);
    const response = await oauth.discoveryRequest(url, options());
    const told: unknown = await response
      .clone()
      .json()
      .catch(() => undefined);
    const server = await oauth.processDiscoveryResponse(expectedIssuer(issuer, told), response);
    known = { server, at: steadyNow() };
    return server;
  }

  function clientAuth(server: oauth.AuthorizationServer): oauth.ClientAuth {
    if (clientSecret === undefined) return oauth.None();
    const methods = server.token_endpoint_auth_methods_supported ?? ["client_secret_basic"];
    return methods.includes("client_secret_basic")
      ? oauth.ClientSecretBasic(clientSecret)
      : oauth.ClientSecretPost(clientSecret);
  }

  /** Logs the reason of a failure. The browser is only told that the sign-in failed. */
  async function attempt<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      if (error instanceof AppError) throw error;
      log.warn("operator.sign_in.failed", { reason: detailOf(error) });
      if (isAboutAnswer(error)) throw new AppError("forbidden", "The sign-in was not completed.", { cause: error });
      throw new AppError("auth_provider_unavailable", "Auth provider is unavailable", { cause: error });
    }
  }

  return {
    clientId,
    begin: (redirectUrl) =>
      attempt(async () => {
        const { authorization_endpoint: endpoint } = await discover();
        if (endpoint === undefined) throw new Error("the identity provider names no authorization_endpoint");
        const [state, nonce] = [oauth.generateRandomState(), oauth.generateRandomNonce()];
        const verifier = oauth.generateRandomCodeVerifier();
        const url = new URL(endpoint);
        const parameters = {
          client_id: clientId,
          response_type: "code",
          redirect_uri: redirectUrl,
          scope: "openid profile",
          state,
          nonce,
          code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
          code_challenge_method: "S256",
        };
        for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value);
        return { url: url.href, pending: encode({ state, nonce, verifier }) };
      }),

    finish: (answerUrl, pending, redirectUrl) =>
      attempt(async () => {
        const secrets = decode(pending);
        if (secrets === undefined) throw new AppError("forbidden", "The sign-in was not begun in this browser.");
        const server = await discover();
        const answer = oauth.validateAuthResponse(server, client, new URL(answerUrl), secrets.state);
        const { nonce, verifier } = secrets;
        const auth = clientAuth(server);
        const response = await oauth.authorizationCodeGrantRequest(
          server,
          client,
          auth,
          answer,
          redirectUrl,
          verifier,
          options(),
        );
        const checks = { expectedNonce: nonce, requireIdToken: true };
        const tokens = await oauth.processAuthorizationCodeResponse(server, client, response, checks);
        // Check the ID token's signature, too: without TLS nothing else proves who issued it.
        await oauth.validateApplicationLevelSignature(server, response, options());
        const idToken = oauth.getValidatedIdTokenClaims(tokens);
        if (idToken === undefined) throw new Error("the identity provider gave no ID token");
        const access = await judge(tokens.access_token).catch(() => undefined);
        return access === undefined ? [idToken] : [idToken, access];
      }),
  };
}

/** Whether the provider's response is a refusal, or does not match the request (state, nonce). */
function isAboutAnswer(error: unknown): boolean {
  return (
    error instanceof oauth.AuthorizationResponseError ||
    error instanceof oauth.ResponseBodyError ||
    (error instanceof oauth.OperationProcessingError && error.code === oauth.INVALID_RESPONSE) ||
    (error instanceof oauth.OperationProcessingError && error.code === oauth.JWT_CLAIM_COMPARISON)
  );
}

function detailOf(error: unknown): string {
  const cause = error instanceof Error && error.cause !== undefined ? reasonOf(error.cause) : "";
  return [reasonOf(error), cause].filter((part) => part !== "" && part !== "[object Object]").join(": ");
}

function encode(secrets: Secrets): string {
  return Buffer.from(JSON.stringify(secrets)).toString("base64url");
}

function decode(pending: string | undefined): Secrets | undefined {
  if (pending === undefined) return undefined;
  try {
    const { state, nonce, verifier } = JSON.parse(Buffer.from(pending, "base64url").toString("utf8"));
    const isWhole = [state, nonce, verifier].every((part) => typeof part === "string" && part !== "");
    return isWhole ? { state, nonce, verifier } : undefined;
  } catch {
    return undefined;
  }
}
