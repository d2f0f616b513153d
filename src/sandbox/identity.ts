import {
  type CryptoKey,
  exportJWK,
  generateKeyPair,
  type JSONWebKeySet,
  type JWTHeaderParameters,
  type JWTPayload,
  SignJWT,
} from "jose";
import { createSandboxCodes } from "./codes.ts";
import { neverResponses } from "./hub/faults.ts";

export type IdentityFault = "refuse" | "hang" | "garbage";

export interface TokenOverrides {
  /** Merged over the usual claims; `undefined` removes one. */
  readonly claims?: Readonly<Record<string, unknown>>;
  readonly header?: Partial<JWTHeaderParameters>;
  /** May be negative, for a token that has expired. */
  readonly expiresInSeconds?: number;
}

/**
 * A stand-in for the node's identity provider: OpenID Connect discovery, key set, client credentials grant, and the
 * authorization code flow, in which everybody signs in as the same person.
 */
export interface SandboxIdentity {
  /**
   * Serve it with `Bun.serve({ fetch: identity.fetch })`, anywhere: the discovery document names the origin of the
   * request.
   */
  fetch(request: Request): Promise<Response>;
  /** A signed access token as POST /token issues it; the client need not exist. */
  token(clientId: string, overrides?: TokenOverrides): Promise<string>;
  /** The private key of the newest key pair, for tests that forge tokens. */
  privateKey(): CryptoKey;
  /** The response of GET /certs: one public key, with its `kid`. */
  jwks(): JSONWebKeySet;
  /** Makes a new key pair. From now on signs with it and publishes only its public key. */
  rotateKeys(): Promise<void>;
  /** Requests received, by path. */
  readonly requests: Readonly<Record<string, number>>;
  /** `refuse` responds with 500, `hang` never responds, `garbage` responds with 200 and no JSON. May be set. */
  fault: IdentityFault | undefined;
}

export interface SandboxIdentityOptions {
  readonly clients: readonly { readonly id: string; readonly secret: string }[];
  /** Milliseconds since the epoch. */
  readonly now?: () => number;
  readonly tokenLifeSeconds?: number;
  /** Default: the origin of the request. Tokens made by `token` then have no `iss`. */
  readonly issuer?: string;
}

export async function createSandboxIdentity(options: SandboxIdentityOptions): Promise<SandboxIdentity> {
  const { clients, now = Date.now, tokenLifeSeconds = 3600 } = options;
  const requests: Record<string, number> = {};
  const codes = createSandboxCodes();
  let keys = await createKeys();

  function mint(clientId: string, issuer: string | undefined, overrides: TokenOverrides = {}): Promise<string> {
    const iat = Math.floor(now() / 1000);
    const exp = iat + (overrides.expiresInSeconds ?? tokenLifeSeconds);
    const iss = issuer === undefined ? {} : { iss: issuer };
    const claims: JWTPayload = { sub: clientId, client_id: clientId, ...iss, iat, exp, ...overrides.claims };
    return sign(keys, claims, overrides.header);
  }

  async function response(request: Request): Promise<Response> {
    const { pathname, origin } = new URL(request.url);
    const issuer = options.issuer ?? origin;
    switch (`${request.method} ${pathname}`) {
      case "GET /.well-known/openid-configuration":
        return Response.json(discoveryDocument(issuer, origin));
      case "GET /authorize":
        return codes.authorize(new URL(request.url), issuer);
      case "GET /certs":
        return Response.json(keys.jwks);
      case "POST /token": {
        const form = new URLSearchParams(await request.text());
        if (form.get("grant_type") === "authorization_code") {
          const redeemed = codes.redeem(form);
          if (redeemed === undefined) return oauthError(400, "invalid_grant");
          const { clientId, nonce } = redeemed;
          const person = { sub: "operator", preferred_username: "operator", realm_access: { roles: ["operator"] } };
          const idToken = await mint(clientId, issuer, { claims: { ...person, aud: clientId, nonce } });
          const access = await mint(clientId, issuer, { claims: person });
          return tokenResponse(access, tokenLifeSeconds, idToken);
        }
        const client = readClient(request, form, clients);
        if (client instanceof Response) return client;
        return tokenResponse(await mint(client.id, issuer), tokenLifeSeconds);
      }
      default:
        return Response.json({ error: "not_found" }, { status: 404 });
    }
  }

  const identity: SandboxIdentity = {
    fetch(request) {
      const { pathname } = new URL(request.url);
      requests[pathname] = (requests[pathname] ?? 0) + 1;
      return faultResponse(identity.fault, request) ?? response(request);
    },
    token: (clientId, overrides) => mint(clientId, options.issuer, overrides),
    privateKey: () => keys.privateKey,
    jwks: () => keys.jwks,
    async rotateKeys() {
      keys = await createKeys();
    },
    requests,
    fault: undefined,
  };
  return identity;
}

function faultResponse(fault: IdentityFault | undefined, request: Request): Promise<Response> | undefined {
  switch (fault) {
    case "refuse":
      return Promise.resolve(oauthError(500, "server_error"));
    case "hang":
      return neverResponses(request);
    case "garbage":
      return Promise.resolve(new Response("<html></html>", { headers: { "Content-Type": "text/html" } }));
    case undefined:
      return undefined;
  }
}

/** The client that asks for a token by client credentials, or the response that refuses it. */
function readClient(
  request: Request,
  form: URLSearchParams,
  clients: SandboxIdentityOptions["clients"],
): { readonly id: string } | Response {
  if (form.get("grant_type") !== "client_credentials") return oauthError(400, "unsupported_grant_type");
  const credentials = readCredentials(request.headers.get("Authorization"), form);
  if (credentials === undefined) return oauthError(400, "invalid_request");
  const client = clients.find(({ id, secret }) => id === credentials.id && secret === credentials.secret);
  return client ?? oauthError(401, "invalid_client");
}

function tokenResponse(token: string, lifeSeconds: number, idToken?: string): Response {
  const identity = idToken === undefined ? {} : { id_token: idToken };
  const response = { access_token: token, token_type: "Bearer", expires_in: lifeSeconds, ...identity };
  return Response.json(response, { headers: { "Cache-Control": "no-store" } });
}

interface Keys {
  readonly privateKey: CryptoKey;
  readonly keyId: string;
  readonly jwks: JSONWebKeySet;
}

function sign(keys: Keys, claims: JWTPayload, header: Partial<JWTHeaderParameters> = {}): Promise<string> {
  return new SignJWT(claims)
    .setProtectedHeader({ alg: "RS256", typ: "JWT", kid: keys.keyId, ...header })
    .sign(keys.privateKey);
}

async function createKeys(): Promise<Keys> {
  const { privateKey, publicKey } = await generateKeyPair("RS256", { extractable: true });
  const keyId = crypto.randomUUID();
  const jwks: JSONWebKeySet = { keys: [{ ...(await exportJWK(publicKey)), kid: keyId, alg: "RS256", use: "sig" }] };
  return { privateKey, keyId, jwks };
}

function discoveryDocument(issuer: string, origin: string) {
  return {
    issuer,
    authorization_endpoint: `${origin}/authorize`,
    authorization_response_iss_parameter_supported: true,
    code_challenge_methods_supported: ["S256"],
    token_endpoint: `${origin}/token`,
    jwks_uri: `${origin}/certs`,
    grant_types_supported: ["client_credentials", "authorization_code"],
    token_endpoint_auth_methods_supported: ["client_secret_basic", "client_secret_post", "none"],
    id_token_signing_alg_values_supported: ["RS256"],
    response_types_supported: ["token", "code"],
    subject_types_supported: ["public"],
  };
}

function oauthError(status: number, error: string): Response {
  const headers: Record<string, string> = status === 401 ? { "WWW-Authenticate": 'Basic realm="sandbox"' } : {};
  return Response.json({ error }, { status, headers });
}

/** Credentials from the header (RFC 6749, section 2.3.1: form-encoded, then base64) or from the form. */
function readCredentials(
  authorization: string | null,
  form: URLSearchParams,
): { readonly id: string; readonly secret: string } | undefined {
  const basic = /^Basic ([\w+/]+=*)$/i.exec(authorization ?? "")?.[1];
  if (basic !== undefined) {
    const [, id, secret] = /^([^:]*):(.*)$/s.exec(Buffer.from(basic, "base64").toString("utf8")) ?? [];
    return id === undefined || secret === undefined ? undefined : { id: formDecode(id), secret: formDecode(secret) };
  }
  const id = form.get("client_id");
  const secret = form.get("client_secret");
  return id === null || secret === null ? undefined : { id, secret };
}

function formDecode(text: string): string {
  return new URLSearchParams(`v=${text.replaceAll("&", "%26")}`).get("v") ?? "";
}
