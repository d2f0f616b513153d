import {
  accessKey,
  baseUrl,
  bucketName,
  documentUrl,
  endpoint,
  flag,
  host,
  jwsAlgorithms,
  oneOf,
  privateKeyPem,
  proxyUrl,
  publicUrl,
  text,
  uuid,
  wholeNumber,
} from "./schemas.ts";
import type { SettingGroup, ValueOf } from "./setting.ts";

const FOR_PASSWORD = { name: "HUB__AUTH__FLOW", is: ["password"] } as const;
const FOR_ROBOT_OR_CLIENT = { name: "HUB__AUTH__FLOW", is: ["robot", "client"] } as const;
const WITHOUT_DATA_DIR = { unless: "DATA_DIR" } as const;
const STORE_SECRET = { schema: text, required: WITHOUT_DATA_DIR, secret: true, example: "change-me" } as const;
const DAY_SECONDS = 86_400;

const HUB = {
  HUB__CORE_BASE_URL: {
    schema: baseUrl,
    default: "https://core.privateaim.net",
    refusesEmpty: true,
    doc: "The Hub's core API; may have a path.",
  },
  HUB__STORAGE_BASE_URL: {
    schema: baseUrl,
    default: "https://storage.privateaim.net",
    refusesEmpty: true,
    doc: "The Hub's storage API; may have a path.",
  },
  HUB__AUTH_BASE_URL: {
    schema: baseUrl,
    default: "https://auth.privateaim.net",
    refusesEmpty: true,
    doc: "The Hub's sign-in API; may have a path.",
  },
  HUB__AUTH__FLOW: {
    schema: oneOf("password", "robot", "client"),
    required: true,
    example: "client",
    doc: "How this node signs in to the Hub: `password`, `robot` or `client`.",
  },
  HUB__AUTH__USERNAME: { schema: text, required: FOR_PASSWORD, doc: "User name for the flow `password`." },
  HUB__AUTH__PASSWORD: { schema: text, required: FOR_PASSWORD, secret: true, doc: "Password for the flow `password`." },
  HUB__AUTH__ID: {
    schema: text,
    required: FOR_ROBOT_OR_CLIENT,
    example: "00000000-0000-4000-8000-000000000000",
    doc: "UUID of the robot or client.",
  },
  HUB__AUTH__SECRET: {
    schema: text,
    required: FOR_ROBOT_OR_CLIENT,
    secret: true,
    example: "change-me",
    doc: "Secret of the robot or client.",
  },
  HUB__NODE_ID: {
    schema: uuid,
    doc: "This node's id on the Hub; looked up there by the robot or client when not set.",
  },
  HUB__CACHE_SECONDS: {
    schema: wholeNumber(0, 365 * DAY_SECONDS),
    default: "300",
    doc: "How long to remember which project and buckets belong to an analysis, which never change; 0 = not at all.",
  },
} as const satisfies SettingGroup;

const STORAGE = {
  DATA_DIR: {
    schema: text,
    doc: "Keep objects as files and an SQLite database under this folder instead of in an object store and PostgreSQL (one process only); temporary files go there too.",
  },
  MINIO__ENDPOINT: {
    schema: endpoint,
    required: WITHOUT_DATA_DIR,
    example: "minio:9000",
    doc: "S3-compatible object store as `host:port`, without a scheme. Every `MINIO__*` name may also be written `S3__*`.",
  },
  MINIO__ACCESS_KEY: { ...STORE_SECRET, schema: accessKey, doc: "Access key of the object store." },
  MINIO__SECRET_KEY: { ...STORE_SECRET, doc: "Secret key of the object store." },
  MINIO__BUCKET: {
    schema: bucketName,
    required: WITHOUT_DATA_DIR,
    example: "flame",
    doc: "Bucket that holds this node's results; it must exist.",
  },
  MINIO__REGION: { schema: text, default: "us-east-1", doc: "Region of the object store." },
  MINIO__USE_SSL: { schema: flag, default: "0", doc: "1 = speak HTTPS with the object store." },
  POSTGRES__HOST: {
    schema: host,
    required: WITHOUT_DATA_DIR,
    example: "postgres",
    doc: "Host of the PostgreSQL server.",
  },
  POSTGRES__PORT: { schema: wholeNumber(1, 65_535), default: "5432", doc: "Port of the PostgreSQL server." },
  POSTGRES__USER: { schema: text, required: WITHOUT_DATA_DIR, example: "flame", doc: "PostgreSQL user." },
  POSTGRES__PASSWORD: { ...STORE_SECRET, doc: "Password of the PostgreSQL user." },
  POSTGRES__DB: { schema: text, required: WITHOUT_DATA_DIR, example: "flame", doc: "PostgreSQL database." },
  POSTGRES__MAX_CONNECTIONS: {
    schema: wholeNumber(1, 1000),
    default: "20",
    doc: "Largest number of connections to PostgreSQL, per worker.",
  },
} as const satisfies SettingGroup;

const IDENTITY = {
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

const ENCRYPTION = {
  CRYPTO__PROVIDER: {
    schema: oneOf("raw", "file"),
    required: true,
    example: "file",
    doc: "Where this node's private key is: `raw` (in the environment) or `file`.",
  },
  CRYPTO__ECDH_PRIVATE_KEY: {
    schema: privateKeyPem,
    required: { name: "CRYPTO__PROVIDER", is: ["raw"] },
    secret: true,
    doc: "The private key as PEM (PKCS#8 or SEC1; P-256, P-384 or P-521); a literal `\\n` means a new line.",
  },
  CRYPTO__ECDH_PRIVATE_KEY_PATH: {
    schema: text,
    required: { name: "CRYPTO__PROVIDER", is: ["file"] },
    example: "/run/secrets/ecdh-private-key.pem",
    doc: "File that holds the private key as PEM.",
  },
  CRYPTO__FRAMING: {
    schema: oneOf("segmented", "single"),
    default: "segmented",
    doc: "How intermediates are sealed for sending: `segmented`, or `single` (one message) for nodes that run a 2025 release.",
  },
  CRYPTO__KEY_DERIVATION: {
    schema: oneOf("raw", "hkdf"),
    default: "raw",
    doc: "How intermediates are keyed for sending: `raw`, or `hkdf` once every node runs a release that reads it. Both are read.",
  },
  CHUNK_SIZE: {
    schema: wholeNumber(29, 64 * 1024 * 1024),
    default: "1048576",
    doc: "Bytes of an encrypted segment, 28 of them overhead; must be the same on every node.",
  },
} as const satisfies SettingGroup;

const RESULTS = {
  INTERMEDIATE__URL_WITH_NODE_ID: {
    schema: flag,
    default: "1",
    doc: "Put this node's id into the links of encrypted intermediates; 0 for analyses with SDK 0.4 or older.",
  },
  INTERMEDIATE__ANY_ANALYSIS: {
    schema: flag,
    default: "0",
    doc: "1 = let every analysis read every intermediate, as older releases did.",
  },
  INTERMEDIATE__REQUIRE_ENCRYPTION: {
    schema: flag,
    default: "0",
    doc: "1 = refuse intermediates that are not encrypted for a node.",
  },
  INTERMEDIATE__DELETE_AFTER_READ: {
    schema: flag,
    default: "0",
    doc: "1 = delete an intermediate from the Hub after it was read to the end.",
  },
  FINAL__QUEUE: {
    schema: flag,
    default: "1",
    doc: "Keep final results and deliver them later when the Hub is away; 0 = answer 502 instead.",
  },
  SUBMISSIONS__WAIT_SECONDS: {
    schema: wholeNumber(0, DAY_SECONDS),
    default: "30",
    doc: "How long a client waits for the delivery of a final result before it is told `202`.",
  },
  SUBMISSIONS__RETRY_MAX_SECONDS: {
    schema: wholeNumber(1, DAY_SECONDS),
    default: "60",
    doc: "Longest pause between two attempts to deliver a final result.",
  },
  SUBMISSIONS__KEEP_DAYS: {
    schema: wholeNumber(1, 3650),
    default: "30",
    doc: "How long the state of a delivered or rejected final result can be looked up.",
  },
} as const satisfies SettingGroup;

const SERVER = {
  SERVER__HOST: { schema: host, default: "0.0.0.0", doc: "Address to listen on." },
  SERVER__PORT: { schema: wholeNumber(0, 65_535), default: "8080", doc: "Port to listen on; 0 = any free one." },
  SERVER__PUBLIC_URL: {
    schema: publicUrl,
    doc: "Start of the links to results; built from each request when not set.",
  },
  SERVER__MAX_UPLOAD_BYTES: {
    schema: wholeNumber(0, Number.MAX_SAFE_INTEGER),
    default: "0",
    doc: "Largest file that is accepted (413 above it); 0 = no limit.",
  },
  SERVER__UPLOADS_AT_ONCE: { schema: wholeNumber(1, 9_999), doc: "Uploads read at once; unset: by the memory." },
  SERVER__SHUTDOWN_SECONDS: {
    schema: wholeNumber(0, DAY_SECONDS),
    default: "30",
    doc: "How long running transfers may go on after SIGTERM.",
  },
  SERVER__DOCS: { schema: flag, default: "1", doc: "Serve the API reference at `/docs`." },
  SERVER__METRICS: { schema: flag, default: "1", doc: "Serve Prometheus metrics at `/metrics`." },
  SERVER__WORKERS: {
    schema: wholeNumber(1, 64),
    default: "1",
    doc: "Number of processes that share the port, each with caches and connections of its own; more than 1 on Linux only, and not with `DATA_DIR`.",
  },
} as const satisfies SettingGroup;

const NETWORK = {
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

const LOGGING = {
  LOG__LEVEL: {
    schema: oneOf("debug", "info", "warn", "error"),
    default: "info",
    doc: "Least important events to log: `debug`, `info`, `warn` or `error`.",
  },
  LOG__FORMAT: { schema: oneOf("json", "pretty"), default: "json", doc: "`json`, or `pretty` for people." },
} as const satisfies SettingGroup;

/** Every setting, once. The types, docs/settings.md and .env.example are made from this list. */
export const SETTINGS = {
  ...HUB,
  ...STORAGE,
  ...IDENTITY,
  ...ENCRYPTION,
  ...RESULTS,
  ...SERVER,
  ...NETWORK,
  ...LOGGING,
};

export const SETTING_GROUPS: readonly { readonly title: string; readonly settings: SettingGroup }[] = [
  { title: "Hub", settings: HUB },
  { title: "Storage", settings: STORAGE },
  { title: "Identity provider", settings: IDENTITY },
  { title: "Encryption", settings: ENCRYPTION },
  { title: "Results", settings: RESULTS },
  { title: "Server", settings: SERVER },
  { title: "Network", settings: NETWORK },
  { title: "Logging", settings: LOGGING },
];

export type SettingName = keyof typeof SETTINGS;

/** What each setting holds once all of them are in order. */
export type SettingValues = { readonly [Name in SettingName]: ValueOf<(typeof SETTINGS)[Name]> };
