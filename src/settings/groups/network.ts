import { proxyUrl, text } from "../schemas.ts";
import type { SettingGroup } from "../setting.ts";

export const NETWORK = {
  PROXY__HTTP_URL: {
    schema: proxyUrl,
    secret: true,
    doc: "Forward proxy for http:// addresses of the Hub; used for https:// ones too when the other is not set.",
  },
  PROXY__HTTPS_URL: {
    schema: proxyUrl,
    secret: true,
    doc: "Forward proxy for https:// addresses of the Hub; used for http:// ones too when the other is not set.",
  },
  EXTRA_CA_CERTS: {
    schema: text,
    doc: "PEM file of certificate authorities to trust besides the usual ones, for Hub, identity provider and object store.",
  },
} as const satisfies SettingGroup;
