import { documentUrl, flag, jwsAlgorithms, text } from "../schemas.ts";
import type { SettingGroup } from "../setting.ts";

export const IDENTITY = {
  OIDC__CERTS_URL: {
    schema: documentUrl,
    required: true,
    example: "http://keycloak:8080/realms/flame/protocol/openid-connect/certs",
    doc: "The key set (JWKS) that access tokens are checked against.",
  },
  OIDC__CLIENT_ID_CLAIM_NAME: { schema: text, default: "client_id", doc: "The claim that names the analysis." },
  OIDC__ALGORITHMS: {
    schema: jwsAlgorithms,
    default: "RS256",
    doc: "Signature algorithms to accept, separated by commas; asymmetric ones only.",
  },
  OIDC__ISSUER: { schema: text, doc: "When set, the `iss` claim must equal it." },
  OIDC__AUDIENCE: { schema: text, doc: "When set, the `aud` claim must contain it." },
  OIDC__SKIP_JWT_VALIDATION: {
    schema: flag,
    default: "0",
    doc: "1 = believe every token unchecked. For development only.",
  },
  HUB_ADAPTER_CLIENT_ID: {
    schema: text,
    default: "hub-adapter",
    doc: "The client that may delete a project's local results.",
  },
} as const satisfies SettingGroup;
