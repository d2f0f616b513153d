import { baseUrl, text, textList } from "../schemas.ts";
import type { SettingGroup } from "../setting.ts";

export const OPERATORS = {
  OPERATOR__CLIENT_IDS: {
    schema: textList,
    doc: "Clients whose tokens are operators', separated by commas. Any `OPERATOR__*` list or issuer turns `/operator` on.",
  },
  OPERATOR__ROLES: {
    schema: textList,
    doc: "Roles of operators, separated by commas: whoever has one of them is an operator.",
  },
  OPERATOR__ROLE_CLAIM: {
    schema: text,
    default: "realm_access.roles",
    doc: "Where in a token its roles stand, as a path with dots.",
  },
  OPERATOR__OIDC_ISSUER: {
    schema: baseUrl,
    doc: "Identity provider at which operators sign in; who may is said by `OPERATOR__ROLES`, or by the client in `OPERATOR__CLIENT_IDS`.",
  },
  OPERATOR__OIDC_CLIENT_ID: {
    schema: text,
    doc: "This service's client there; its redirect address is `/operator/sign-in/callback`.",
  },
  OPERATOR__OIDC_CLIENT_SECRET: {
    schema: text,
    secret: true,
    doc: "The client's secret; without one PKCE alone protects a sign-in.",
  },
} as const satisfies SettingGroup;
