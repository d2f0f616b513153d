import { SETTINGS } from "./list.ts";
import { privateKeyPem, uuid } from "./schemas.ts";
import type { Setting } from "./setting.ts";
import type { Settings } from "./settings.ts";

/** Warns of settings that are valid, but unsafe or probably not intended. */
export function findWarnings(
  { hub, storage, oidc, operators, intermediate, extraCaCerts, record, log }: Settings,
  texts: ReadonlyMap<string, string>,
): string[] {
  const warnings = (extraCaCerts?.faults ?? []).map((fault) => `EXTRA_CA_CERTS (${extraCaCerts?.path}): ${fault}`);
  if (storage.kind === "directory") {
    const ignored = Object.keys(SETTINGS).filter((name) => /^(?:MINIO|POSTGRES)__/.test(name) && texts.has(name));
    if (ignored.length > 0) {
      warnings.push(
        `DATA_DIR is set, so results are kept in ${storage.dataDir} and not in object store and PostgreSQL; ` +
          `ignored: ${ignored.join(", ")}. Remove one or the other`,
      );
    }
  }
  if (oidc.skipJwtValidation) {
    warnings.push("OIDC__SKIP_JWT_VALIDATION is on: every token is believed unchecked. For development only");
  }
  if (intermediate.anyAnalysis) {
    warnings.push("INTERMEDIATE__ANY_ANALYSIS is on: every analysis may read every intermediate this node can reach");
  }
  if (record.isEnabled && !["info", "debug"].includes(log.level)) {
    warnings.push(
      `LOG__LEVEL=${log.level} leaves out the record's seals (\`record.sealed\`): without them nobody can tell whether its end was cut off`,
    );
  }
  const isCleartext = (url: string) => /^http:\/\/(?!localhost[:/]|127\.|\[::1\])/.test(`${url}/`);
  if ([hub.coreBaseUrl, hub.storageBaseUrl, hub.authBaseUrl].some(isCleartext)) {
    warnings.push("A HUB__*_BASE_URL starts with http://: this node's secret and results are sent unencrypted");
  }
  if (hub.auth.flow === "password" && hub.nodeId === undefined && intermediate.urlWithNodeId) {
    warnings.push(
      "HUB__NODE_ID is not set and cannot be looked up with HUB__AUTH__FLOW=password: links to encrypted intermediates " +
        "will not carry this node's id, which SDK 0.6 needs",
    );
  }
  if (hub.auth.flow !== "password" && !uuid.safeParse(hub.auth.id).success) {
    warnings.push("HUB__AUTH__ID is not a UUID; the Hub knows robots and clients by their UUID");
  }
  for (const [name, setting] of Object.entries<Setting>(SETTINGS)) {
    const text = texts.get(name);
    if (setting.secret && setting.schema !== privateKeyPem && text !== undefined && text !== text.trim()) {
      warnings.push(`${name} begins or ends with white space, which is taken as part of it`);
    }
  }
  return [...warnings, ...warnOfOperators(operators, oidc, texts)];
}

/** Warns of settings that let in no operator, or more people than the settings seem to say. */
function warnOfOperators(
  { clientIds, roles, signIn, isConfigured }: Settings["operators"],
  { skipJwtValidation }: Settings["oidc"],
  texts: ReadonlyMap<string, string>,
): string[] {
  const warnings: string[] = [];
  const isEverybody = signIn !== undefined && clientIds.includes(signIn.clientId);
  if (isConfigured && skipJwtValidation) {
    warnings.push(
      "OPERATOR__* is set while OIDC__SKIP_JWT_VALIDATION is on: anybody can be an operator by a made-up token",
    );
  }
  if (isEverybody) {
    warnings.push(
      "OPERATOR__CLIENT_IDS names OPERATOR__OIDC_CLIENT_ID: everybody who can sign in there is an operator; " +
        "OPERATOR__ROLES would tell people apart",
    );
  } else if (signIn !== undefined && roles.length === 0) {
    warnings.push("OPERATOR__OIDC_ISSUER lets nobody in as long as OPERATOR__ROLES does not say who is an operator");
  }
  if (roles.length === 0 && texts.has("OPERATOR__ROLE_CLAIM")) {
    warnings.push("OPERATOR__ROLE_CLAIM is set, but without OPERATOR__ROLES nobody's roles are looked at");
  }
  return warnings;
}

const quote = /["'\u2018-\u201f]/.source;
const quotesAtEnds = new RegExp(`^(${quote})?[\\s\\S]*?(${quote})?$`);

/**
 * Warns of values with quotes around them, or with one that lost the other. Docker's `--env-file` and Kubernetes keep
 * quotes, and some `.env` files have two pairs.
 */
export function warnOfQuotes(texts: ReadonlyMap<string, string>): string[] {
  return [...texts].flatMap(([name, text]) => {
    const [, first, last] = quotesAtEnds.exec(text.trim()) ?? [];
    if (first === undefined && last === undefined) return [];
    if (first !== undefined && last !== undefined)
      return [`${name} is in quotes, which are taken as part of it: remove them`];
    const where = first === undefined ? "ends" : "begins";
    return [`${name} ${where} with a quote, which is taken as part of it: remove it unless it belongs there`];
  });
}
