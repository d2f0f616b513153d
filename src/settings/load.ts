import { platform } from "node:os";
import { arrange, type Files } from "./build.ts";
import { type DotenvFile, parseDotenv } from "./dotenv.ts";
import { findGiven, readNamedFile } from "./environment.ts";
import { SETTINGS, type SettingName, type SettingValues } from "./list.ts";
import { warnOfNearMisses } from "./near-misses.ts";
import { conditionText, isRequired, type Setting } from "./setting.ts";
import { warnOfChoices } from "./warnings.ts";

export type HubAuth =
  | { readonly flow: "password"; readonly username: string; readonly password: string }
  | { readonly flow: "robot" | "client"; readonly id: string; readonly secret: string };

export interface S3Settings {
  /** `http://host:port` or `https://host:port`. */
  readonly endpointUrl: string;
  readonly region: string;
  readonly bucket: string;
  readonly accessKey: string;
  readonly secretKey: string;
}

export interface PostgresSettings {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
  readonly database: string;
  readonly maxConnections: number;
}

export type StorageSettings =
  | { readonly kind: "directory"; readonly dataDir: string }
  | { readonly kind: "s3+postgres"; readonly s3: S3Settings; readonly postgres: PostgresSettings };

/** A PEM file's text and where it came from, for messages. */
export interface PemFile {
  readonly path: string;
  readonly pem: string;
}

/** Everything an operator can set, checked. Base URLs have no trailing slash. */
export interface Settings {
  readonly hub: {
    readonly coreBaseUrl: string;
    readonly storageBaseUrl: string;
    readonly authBaseUrl: string;
    readonly auth: HubAuth;
    /** Canonical UUID. */
    readonly nodeId: string | undefined;
    readonly cacheSeconds: number;
  };
  readonly storage: StorageSettings;
  readonly oidc: {
    readonly certsUrl: string;
    readonly clientIdClaimName: string;
    readonly algorithms: readonly string[];
    readonly issuer: string | undefined;
    readonly audience: string | undefined;
    readonly skipJwtValidation: boolean;
  };
  readonly hubAdapterClientId: string;
  readonly crypto: {
    /** This node's private key, read already whichever way it was given; `source` names the variable or file. */
    readonly key: { readonly pem: string; readonly source: string };
    readonly framing: "segmented" | "single";
    readonly chunkBytes: number;
  };
  /** For the Hub only. Both or neither are set. */
  readonly proxy: { readonly httpUrl: string | undefined; readonly httpsUrl: string | undefined };
  /** To be added to the usual roots. */
  readonly extraCaCerts: PemFile | undefined;
  readonly intermediate: {
    readonly urlWithNodeId: boolean;
    readonly anyAnalysis: boolean;
    readonly requireEncryption: boolean;
    readonly deleteAfterRead: boolean;
  };
  readonly final: { readonly queue: boolean };
  readonly submissions: {
    readonly waitSeconds: number;
    readonly retryMaxSeconds: number;
    readonly keepDays: number;
  };
  readonly server: {
    readonly host: string;
    readonly port: number;
    readonly publicUrl: string | undefined;
    /** 0 = no limit. */
    readonly maxUploadBytes: number;
    readonly shutdownSeconds: number;
    readonly docs: boolean;
    readonly metrics: boolean;
    readonly workers: number;
  };
  readonly log: {
    readonly level: "debug" | "info" | "warn" | "error";
    readonly format: "json" | "pretty";
  };
}

/** Variables by name. An empty one counts as not set. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** Reads a whole text file; throws what `node:fs` throws. */
export type ReadTextFile = (path: string) => string;

/** Either settings or everything that is wrong with them; warnings come with both. One sentence each, for an operator. */
export type ParsedSettings =
  | { readonly settings: Settings; readonly problems?: undefined; readonly warnings: readonly string[] }
  | { readonly settings?: undefined; readonly problems: readonly string[]; readonly warnings: readonly string[] };

/**
 * Settings from the process environment and, where that has nothing, the working directory's `.env`. Never throws.
 */
export function loadSettings(processEnv: Environment, readTextFile: ReadTextFile): ParsedSettings {
  const { values, problems } = readDotenvFile(readTextFile);
  const given = Object.entries(processEnv).filter(([, value]) => value !== undefined);
  const parsed = parseSettings({ ...values, ...Object.fromEntries(given) }, readTextFile);
  return { ...parsed, warnings: [...problems, ...parsed.warnings] };
}

/**
 * One setting that stands by itself, for a command that needs no others: as `loadSettings` would find it, or its default where
 * it is not set. Throws an Error that names it when its value is wrong.
 */
export function loadSetting<Name extends "SERVER__HOST" | "SERVER__PORT">(
  name: Name,
  processEnv: Environment,
  readTextFile: ReadTextFile,
): SettingValues[Name] {
  const setting = SETTINGS[name];
  const text = (processEnv[name] ?? readDotenvFile(readTextFile).values[name])?.trim() || setting.default;
  const parsed = setting.schema.safeParse(text);
  if (parsed.success) return parsed.data as SettingValues[Name];
  throw new Error(problemWith(name, setting, text, parsed.error.issues[0]?.message));
}

function readDotenvFile(readTextFile: ReadTextFile): DotenvFile {
  try {
    return parseDotenv(readTextFile(".env"));
  } catch (error) {
    const isMissing = error instanceof Error && "code" in error && error.code === "ENOENT";
    return { values: {}, problems: isMissing ? [] : [`.env cannot be read and is ignored: ${error}`] };
  }
}

/** Checks every setting in the environment given, and the files they name, for an operating system. Never throws. */
export function parseSettings(
  environment: Environment,
  readTextFile: ReadTextFile,
  system: string = platform(),
): ParsedSettings {
  const { texts, problems } = findGiven(SETTINGS, environment, readTextFile);
  const values: Partial<Record<string, unknown>> = {};
  for (const [name, setting] of Object.entries<Setting>(SETTINGS)) {
    const given = texts.get(name);
    if (given === undefined && isRequired(setting, (other) => texts.get(other))) {
      problems.push(`${name} is not set, but required${conditionText(setting)}. ${setting.doc}`);
    }
    const text = given ?? setting.default;
    if (!text) continue;
    const parsed = setting.schema.safeParse(text);
    if (parsed.success) values[name] = parsed.data;
    else problems.push(problemWith(name, setting, text, parsed.error.issues[0]?.message));
  }
  const files = readFiles(values, readTextFile, problems);
  problems.push(...findConflicts(values, system));
  const warnings = warnOfNearMisses(SETTINGS, environment);
  if (problems.length > 0) return { problems, warnings };
  // Every required setting is there and every value has passed its schema, which is all that SettingValues says.
  const settings = arrange(values as SettingValues, files);
  return { settings, warnings: [...warnings, ...warnOfChoices(settings, texts)] };
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
    extraCaCerts: readPem("EXTRA_CA_CERTS", values.EXTRA_CA_CERTS, /-----BEGIN [A-Z ]*CERTIFICATE-----/, "certificate"),
  };
}

function findConflicts({ DATA_DIR, SERVER__WORKERS = 1 }: Partial<SettingValues>, system: string): string[] {
  if (SERVER__WORKERS === 1) return [];
  return [
    ...(DATA_DIR === undefined ? [] : ["SERVER__WORKERS must be 1 with DATA_DIR, which only one process may use"]),
    ...(system === "linux" ? [] : ["SERVER__WORKERS must be 1 here: processes share a port on Linux only"]),
  ];
}

const MASK = "***";
const SECRETS: ReadonlySet<string> = new Set(["password", "secret", "accessKey", "secretKey"]);
const LEFT_OUT: ReadonlySet<string> = new Set(["pem"]);

/** Hides what stands before an `@`, be it in a sound URL or in one that was refused: it may be a password. */
function maskUserInfo(text: string): string {
  return text.replace(/^([a-z]+:\/\/)?.*@/is, `$1${MASK}@`);
}

/** Settings as one flat record (`storage.s3.bucket`) for the start-up log: secrets are masked, keys left out. */
export function describeSettings(settings: Settings): Record<string, string | number | boolean> {
  const described: Record<string, string | number | boolean> = {};
  function add(path: string, key: string, value: unknown) {
    if (value === undefined || LEFT_OUT.has(key)) return;
    if (SECRETS.has(key)) described[path] = MASK;
    else if (typeof value === "number" || typeof value === "boolean") described[path] = value;
    else if (Array.isArray(value)) described[path] = value.join(",");
    else if (typeof value === "object" && value !== null) {
      for (const [name, inner] of Object.entries(value)) add(path ? `${path}.${name}` : name, name, inner);
    } else described[path] = maskUserInfo(String(value));
  }
  add("", "", settings);
  return described;
}
