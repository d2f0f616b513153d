import type { STORAGE } from "./groups/storage.ts";
import type { SettingValues } from "./list.ts";
import type { CaBundle, HubAuth, PemFile, Settings, StorageSettings } from "./settings.ts";

/** The contents of the files that settings name. */
export interface Files {
  readonly key: PemFile | undefined;
  readonly extraCaCerts: CaBundle | undefined;
}

/** Returns a value that another setting makes required. The check of all settings has made sure that it is there. */
function present<T>(value: T | undefined): T {
  if (value === undefined) throw new Error("a required setting got past the check while unset");
  return value;
}

function buildHubAuth(values: SettingValues): HubAuth {
  const flow = values.HUB__AUTH__FLOW;
  if (flow === "password") {
    return { flow, username: present(values.HUB__AUTH__USERNAME), password: present(values.HUB__AUTH__PASSWORD) };
  }
  return { flow, id: present(values.HUB__AUTH__ID), secret: present(values.HUB__AUTH__SECRET) };
}

function buildHub(values: SettingValues): Settings["hub"] {
  return {
    coreBaseUrl: values.HUB__CORE_BASE_URL,
    storageBaseUrl: values.HUB__STORAGE_BASE_URL,
    authBaseUrl: values.HUB__AUTH_BASE_URL,
    auth: buildHubAuth(values),
    nodeId: values.HUB__NODE_ID,
    cacheSeconds: values.HUB__CACHE_SECONDS,
  };
}

export function buildStorage(values: Pick<SettingValues, keyof typeof STORAGE>): StorageSettings {
  if (values.DATA_DIR !== undefined) return { kind: "directory", dataDir: values.DATA_DIR };
  return {
    kind: "s3+postgres",
    s3: {
      endpointUrl: `${values.MINIO__USE_SSL ? "https" : "http"}://${present(values.MINIO__ENDPOINT)}`,
      region: values.MINIO__REGION,
      bucket: present(values.MINIO__BUCKET),
      accessKey: present(values.MINIO__ACCESS_KEY),
      secretKey: present(values.MINIO__SECRET_KEY),
    },
    postgres: {
      host: present(values.POSTGRES__HOST),
      port: values.POSTGRES__PORT,
      user: present(values.POSTGRES__USER),
      password: present(values.POSTGRES__PASSWORD),
      database: present(values.POSTGRES__DB),
      maxConnections: values.POSTGRES__MAX_CONNECTIONS,
    },
  };
}

function buildOidc(values: SettingValues): Settings["oidc"] {
  return {
    certsUrl: values.OIDC__CERTS_URL,
    clientIdClaimName: values.OIDC__CLIENT_ID_CLAIM_NAME,
    algorithms: values.OIDC__ALGORITHMS,
    issuer: values.OIDC__ISSUER,
    audience: values.OIDC__AUDIENCE,
    skipJwtValidation: values.OIDC__SKIP_JWT_VALIDATION,
  };
}

function buildCrypto(values: SettingValues, { key }: Files): Settings["crypto"] {
  return {
    key: key
      ? { pem: key.pem, source: key.path }
      : { pem: present(values.CRYPTO__ECDH_PRIVATE_KEY), source: "CRYPTO__ECDH_PRIVATE_KEY" },
    framing: values.CRYPTO__FRAMING,
    accept: values.CRYPTO__ACCEPT,
    pin: values.CRYPTO__PIN,
    keyDerivation: values.CRYPTO__KEY_DERIVATION,
    chunkBytes: values.CHUNK_SIZE,
  };
}

function buildOperators(values: SettingValues): Settings["operators"] {
  const { OPERATOR__CLIENT_IDS: clientIds = [], OPERATOR__ROLES: roles = [] } = values;
  const { OPERATOR__OIDC_ISSUER: issuer, OPERATOR__OIDC_CLIENT_SECRET: clientSecret } = values;
  return {
    isConfigured: clientIds.length > 0 || roles.length > 0 || issuer !== undefined,
    clientIds,
    roles,
    roleClaim: values.OPERATOR__ROLE_CLAIM,
    signIn:
      issuer === undefined ? undefined : { issuer, clientId: present(values.OPERATOR__OIDC_CLIENT_ID), clientSecret },
  };
}

function buildRetention(values: SettingValues): Settings["retention"] {
  return {
    untaggedDays: values.RETENTION__UNTAGGED_DAYS,
    taggedDays: values.RETENTION__TAGGED_DAYS,
    tags: values.RETENTION__TAGS ?? [],
    intermediateDays: values.RETENTION__INTERMEDIATE_DAYS,
    objectsPerSecond: values.RETENTION__OBJECTS_PER_SECOND,
  };
}

/** Whether a setting lets the service remove results by itself, or refuse uploads because a quota is used up. */
function limitsStorage(values: SettingValues): boolean {
  const { RETENTION__UNTAGGED_DAYS, RETENTION__TAGGED_DAYS, RETENTION__INTERMEDIATE_DAYS } = values;
  const { QUOTA__PROJECT_BYTES, QUOTA__NODE_BYTES, RETENTION__TAGS = [] } = values;
  const days = [RETENTION__UNTAGGED_DAYS, RETENTION__TAGGED_DAYS, RETENTION__INTERMEDIATE_DAYS];
  const limits = [QUOTA__PROJECT_BYTES, QUOTA__NODE_BYTES, ...RETENTION__TAGS.map((rule) => rule.days)];
  return [...days, ...limits].some((value) => value > 0);
}

/** Retention, quotas, review and privacy budgets turn the record on: decisions over data must be on record. */
function buildRecord(values: SettingValues): Settings["record"] {
  const decides = values.RELEASE__REVIEW !== "off" || values.DP__PROJECT_EPSILON !== undefined;
  const isEnabled = values.RECORD__ENABLED || limitsStorage(values) || decides;
  return { isEnabled, keepDays: values.RECORD__KEEP_DAYS };
}

function buildServer(values: SettingValues): Settings["server"] {
  return {
    host: values.SERVER__HOST,
    port: values.SERVER__PORT,
    publicUrl: values.SERVER__PUBLIC_URL,
    maxUploadBytes: values.SERVER__MAX_UPLOAD_BYTES,
    uploadsAtOnce: values.SERVER__UPLOADS_AT_ONCE,
    shutdownSeconds: values.SERVER__SHUTDOWN_SECONDS,
    docs: values.SERVER__DOCS,
    metrics: values.SERVER__METRICS,
    workers: values.SERVER__WORKERS,
  };
}

/** Turns checked values into the shape that the service uses. */
export function buildSettings(values: SettingValues, files: Files): Settings {
  return {
    hub: buildHub(values),
    storage: buildStorage(values),
    oidc: buildOidc(values),
    hubAdapterClientId: values.HUB_ADAPTER_CLIENT_ID,
    crypto: buildCrypto(values, files),
    proxy: {
      httpUrl: values.PROXY__HTTP_URL ?? values.PROXY__HTTPS_URL,
      httpsUrl: values.PROXY__HTTPS_URL ?? values.PROXY__HTTP_URL,
    },
    extraCaCerts: files.extraCaCerts,
    intermediate: {
      urlWithNodeId: values.INTERMEDIATE__URL_WITH_NODE_ID,
      anyAnalysis: values.INTERMEDIATE__ANY_ANALYSIS,
      requireEncryption: values.INTERMEDIATE__REQUIRE_ENCRYPTION,
      deleteAfterRead: values.INTERMEDIATE__DELETE_AFTER_READ,
    },
    local: { digests: values.LOCAL__DIGESTS },
    idempotency: { hours: values.IDEMPOTENCY__HOURS },
    final: { queue: values.FINAL__QUEUE },
    privacy: {
      projectEpsilon: values.DP__PROJECT_EPSILON,
      maxEpsilon: values.DP__MAX_EPSILON,
      isRequired: values.DP__REQUIRED,
    },
    submissions: {
      waitSeconds: values.SUBMISSIONS__WAIT_SECONDS,
      retryMaxSeconds: values.SUBMISSIONS__RETRY_MAX_SECONDS,
      keepDays: values.SUBMISSIONS__KEEP_DAYS,
    },
    operators: buildOperators(values),
    retention: buildRetention(values),
    quota: { projectBytes: values.QUOTA__PROJECT_BYTES, nodeBytes: values.QUOTA__NODE_BYTES },
    release: {
      review: values.RELEASE__REVIEW,
      reviewers: values.RELEASE__REVIEWERS,
      smallCount: values.RELEASE__SMALL_COUNT,
      waitDays: values.RELEASE__WAIT_DAYS,
    },
    record: buildRecord(values),
    server: buildServer(values),
    log: { level: values.LOG__LEVEL, format: values.LOG__FORMAT },
  };
}
