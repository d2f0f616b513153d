import { platform } from "node:os";
import { parsePrivateKey } from "../crypto/keys.ts";
import { warnOfAmbientNames } from "./ambient.ts";
import { buildSettings, type Files } from "./build.ts";
import { parseCertificates } from "./certificates.ts";
import { maskUserInfo } from "./describe.ts";
import { type DotenvFile, parseDotenv } from "./dotenv.ts";
import type { Environment, ReadTextFile } from "./environment.ts";
import { readEnvironment, readNamedFile } from "./environment.ts";
import { SETTINGS, type SettingName, type SettingValues } from "./list.ts";
import { normaliseNames, warnOfGroups } from "./names.ts";
import { warnOfNearMisses } from "./near-misses.ts";
import { conditionText, isRequired, type Setting } from "./setting.ts";
import type { CaBundle, PemFile, Settings } from "./settings.ts";
import { createSpeller, type Speller } from "./speller.ts";
import { findWarnings, warnOfQuotes } from "./warnings.ts";

/**
 * Either the settings or all problems with them, and the warnings. Each problem and warning is a sentence for
 * operators.
 */
export type ParsedSettings =
  | { readonly settings: Settings; readonly problems?: undefined; readonly warnings: readonly string[] }
  | { readonly settings?: undefined; readonly problems: readonly string[]; readonly warnings: readonly string[] };

/** `spell` is for further sentences about these settings. */
export type LoadedSettings = ParsedSettings & { readonly spell: Speller };

/**
 * Reads the settings from the process environment, and from `.env` in the working directory for those that are not set
 * there. Never throws.
 */
export function loadSettings(processEnv: Environment, readTextFile: ReadTextFile): LoadedSettings {
  const { values, problems } = readDotenvFile(readTextFile, processEnv);
  const inProcess = Object.entries(normaliseNames(SETTINGS, processEnv)).filter(([, value]) => value !== undefined);
  const environment = { ...normaliseNames(SETTINGS, values), ...Object.fromEntries(inProcess) };
  const parsed = parseSettings(environment, readTextFile);
  const groups = [processEnv, values].flatMap((environment) => warnOfGroups(SETTINGS, environment));
  const warnings = [...warnOfAmbientNames(processEnv), ...problems, ...groups, ...parsed.warnings];
  return { ...parsed, warnings, spell: createSpeller(Object.keys(SETTINGS), environment) };
}

/**
 * Reads one setting that depends on no other, for a command that needs only this one. It looks where `loadSettings`
 * does and falls back to the default. Throws an Error that names the setting when its value is wrong.
 */
export function loadSetting<Name extends "SERVER__HOST" | "SERVER__PORT">(
  name: Name,
  processEnv: Environment,
  readTextFile: ReadTextFile,
): SettingValues[Name] {
  const setting = SETTINGS[name];
  const read = (environment: Environment) => normaliseNames(SETTINGS, environment)[name];
  const text = (read(processEnv) ?? read(readDotenvFile(readTextFile, processEnv).values))?.trim() || setting.default;
  const parsed = setting.schema.safeParse(text);
  if (parsed.success) return parsed.data as SettingValues[Name];
  throw new Error(problemWith(name, setting, text, parsed.error.issues[0]?.message));
}

function readDotenvFile(readTextFile: ReadTextFile, processEnv: Environment): DotenvFile {
  try {
    return parseDotenv(readTextFile(".env"), processEnv);
  } catch (error) {
    const isMissing = error instanceof Error && "code" in error && error.code === "ENOENT";
    return { values: {}, problems: isMissing ? [] : [`.env cannot be read and is ignored: ${error}`] };
  }
}

/** Checks every setting of an environment and the files that settings name, for the given system. Never throws. */
export function parseSettings(
  environment: Environment,
  readTextFile: ReadTextFile,
  system: string = platform(),
): ParsedSettings {
  const { texts, problems } = readEnvironment(SETTINGS, environment, readTextFile);
  const values: Partial<Record<string, unknown>> = {};
  for (const [name, setting] of Object.entries<Setting>(SETTINGS)) {
    const given = texts.get(name);
    if (given === undefined && isRequired(setting, (other) => texts.get(other))) {
      problems.push(`${name} is not set, but required${conditionText(setting)}. ${setting.doc}`);
    }
    if (setting.refusesEmpty && environment[name]?.trim() === "") {
      problems.push(`${name} is set, but empty. Remove it where ${setting.default} is meant`);
    }
    const text = given ?? setting.default;
    if (!text) continue;
    const parsed = setting.schema.safeParse(text);
    if (parsed.success) values[name] = parsed.data;
    else problems.push(problemWith(name, setting, text, parsed.error.issues[0]?.message));
  }
  const files = readFiles(values, readTextFile, problems);
  problems.push(...findKeyFaults(values, files));
  problems.push(...findConflicts(values, system));
  const spell = createSpeller(Object.keys(SETTINGS), environment);
  const warnings = [...warnOfNearMisses(SETTINGS, environment), ...warnOfQuotes(texts)];
  if (problems.length > 0) return { problems: problems.map(spell), warnings: warnings.map(spell) };
  // SettingValues demands only this: every required setting is there, and every value has passed its schema.
  const settings = buildSettings(values as SettingValues, files);
  return { settings, warnings: [...warnings, ...findWarnings(settings, texts)].map(spell) };
}

function problemWith(name: string, setting: Setting, text: string, message: string | undefined): string {
  const shown = setting.secret ? "" : `, got "${maskUserInfo(text).slice(0, 100)}"`;
  return `${name} ${message}${shown}`;
}

function readFiles(values: Partial<SettingValues>, readTextFile: ReadTextFile, problems: string[]): Files {
  function readPem(name: SettingName, path: string | undefined, looksRight: RegExp, what: string): PemFile | undefined {
    const pem = path && readNamedFile(name, path, readTextFile, problems);
    if (!path || !pem) return undefined;
    if (!looksRight.test(pem)) problems.push(`${name} names the file ${path}, which holds no ${what} in PEM form`);
    return { path, pem };
  }
  const keyPath = values.CRYPTO__PROVIDER === "file" ? values.CRYPTO__ECDH_PRIVATE_KEY_PATH : undefined;
  return {
    key: readPem("CRYPTO__ECDH_PRIVATE_KEY_PATH", keyPath, /-----BEGIN [A-Z ]*PRIVATE KEY-----/, "private key"),
    extraCaCerts: readAuthorities(),
  };

  function readAuthorities(): CaBundle | undefined {
    const file = readPem(
      "EXTRA_CA_CERTS",
      values.EXTRA_CA_CERTS,
      /-----BEGIN [A-Z0-9 ]*CERTIFICATE-----/,
      "certificate",
    );
    if (file === undefined) return undefined;
    const { pem, certificates, faults } = parseCertificates(file.pem, Date.now());
    if (certificates.length === 0 && file.pem.includes("CERTIFICATE-----")) {
      problems.push(`EXTRA_CA_CERTS names the file ${file.path}, which holds no certificate that can be read`);
    }
    return { path: file.path, pem, isRewritten: !file.pem.includes(pem), faults };
  }
}

/** Decodes the private key, because only that shows whether the key can be used. */
function findKeyFaults(values: Partial<SettingValues>, files: Files): string[] {
  const isInFile = values.CRYPTO__PROVIDER === "file";
  const pem = isInFile ? files.key?.pem : values.CRYPTO__ECDH_PRIVATE_KEY;
  // `readFiles` has already reported a file without PEM.
  if (values.CRYPTO__PROVIDER === undefined || pem === undefined || !pem.includes("PRIVATE KEY-----")) return [];
  const source = isInFile ? `CRYPTO__ECDH_PRIVATE_KEY_PATH (${files.key?.path})` : "CRYPTO__ECDH_PRIVATE_KEY";
  try {
    parsePrivateKey(pem);
    return [];
  } catch (error) {
    return [`${source} cannot be used: ${error instanceof Error ? error.message : "it is no key"}`];
  }
}

function findConflicts(values: Partial<SettingValues>, system: string): string[] {
  return [
    ...findWorkerConflicts(values, system),
    ...findBoundConflicts(values),
    ...findSignInConflicts(values),
    ...findReleaseConflicts(values),
  ];
}

/** The review holds final results in the queue, so it needs the queue. */
function findReleaseConflicts({ RELEASE__REVIEW, FINAL__QUEUE }: Partial<SettingValues>): string[] {
  const isReviewed = RELEASE__REVIEW !== undefined && RELEASE__REVIEW !== "off";
  return isReviewed && FINAL__QUEUE === false ? ["RELEASE__REVIEW needs FINAL__QUEUE=1"] : [];
}

/** A bound file names both nodes, so this node must know its own id. */
function findBoundConflicts(values: Partial<SettingValues>): string[] {
  const names = (["CRYPTO__FRAMING", "CRYPTO__ACCEPT"] as const).filter((name) =>
    /bound|auto/.test(values[name] ?? ""),
  );
  if (values.HUB__NODE_ID !== undefined || values.HUB__AUTH__FLOW !== "password") return [];
  return names.map(
    (name) => `${name} is ${values[name]}, which needs HUB__NODE_ID: HUB__AUTH__FLOW=password cannot look it up`,
  );
}

function findWorkerConflicts({ DATA_DIR, SERVER__WORKERS = 1 }: Partial<SettingValues>, system: string): string[] {
  if (SERVER__WORKERS === 1) return [];
  return [
    ...(DATA_DIR === undefined ? [] : ["SERVER__WORKERS must be 1 with DATA_DIR, which only one process may use"]),
    ...(system === "linux" ? [] : ["SERVER__WORKERS must be 1 here: processes share a port on Linux only"]),
  ];
}

function findSignInConflicts(values: Partial<SettingValues>): string[] {
  const { OPERATOR__OIDC_ISSUER: issuer, OPERATOR__OIDC_CLIENT_ID: clientId } = values;
  if (issuer !== undefined)
    return clientId === undefined ? ["OPERATOR__OIDC_ISSUER needs OPERATOR__OIDC_CLIENT_ID"] : [];
  const lone = (["OPERATOR__OIDC_CLIENT_ID", "OPERATOR__OIDC_CLIENT_SECRET"] as const).filter((name) => values[name]);
  return lone.map((name) => `${name} needs OPERATOR__OIDC_ISSUER`);
}
