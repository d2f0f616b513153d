import type { PostgresSettings } from "../database/postgres-settings.ts";

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

export type StorageSettings =
  | { readonly kind: "directory"; readonly dataDir: string }
  | { readonly kind: "s3+postgres"; readonly s3: S3Settings; readonly postgres: PostgresSettings };

/** The text of a PEM file, and its path for messages. */
export interface PemFile {
  readonly path: string;
  readonly pem: string;
}

/** Certificate authorities from a PEM file. */
export interface CaBundle extends PemFile {
  /** Whether `pem` differs from the file, because the service rewrote it in a form that Bun reads. */
  readonly isRewritten: boolean;
  /** One sentence for each faulty certificate. */
  readonly faults: readonly string[];
}

export interface OperatorSignIn {
  readonly issuer: string;
  readonly clientId: string;
  readonly clientSecret: string | undefined;
}

/** All settings, checked. Base URLs have no trailing slash. */
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
    /** This node's private key; `source` names the variable or the file that it was read from. */
    readonly key: { readonly pem: string; readonly source: string };
    readonly framing: "segmented" | "single" | "bound" | "auto";
    readonly accept: "any" | "bound";
    readonly pin: "log" | "strict";
    readonly keyDerivation: "raw" | "hkdf";
    readonly chunkBytes: number;
  };
  /** Used for requests to the Hub only. Either both URLs are set or none. */
  readonly proxy: { readonly httpUrl: string | undefined; readonly httpsUrl: string | undefined };
  /** Trusted in addition to the usual root certificates. */
  readonly extraCaCerts: CaBundle | undefined;
  readonly intermediate: {
    readonly urlWithNodeId: boolean;
    readonly anyAnalysis: boolean;
    readonly requireEncryption: boolean;
    readonly deleteAfterRead: boolean;
  };
  readonly local: { readonly digests: boolean };
  readonly idempotency: { readonly hours: number };
  readonly final: { readonly queue: boolean };
  readonly privacy: {
    /** Exact decimals, as the operator wrote them. */
    readonly projectEpsilon: string | undefined;
    readonly maxEpsilon: string | undefined;
    /** Whether the service refuses final results without noise. */
    readonly isRequired: boolean;
  };
  readonly submissions: {
    readonly waitSeconds: number;
    readonly retryMaxSeconds: number;
    readonly keepDays: number;
  };
  readonly operators: {
    /** Whether any setting defines who is an operator. */
    readonly isConfigured: boolean;
    readonly clientIds: readonly string[];
    readonly roles: readonly string[];
    readonly roleClaim: string;
    readonly signIn: OperatorSignIn | undefined;
  };
  readonly record: {
    readonly isEnabled: boolean;
    /** 0 = for ever. */
    readonly keepDays: number;
  };
  /** Days; 0 = for ever. */
  readonly retention: {
    readonly untaggedDays: number;
    readonly taggedDays: number;
    /** The first rule that matches a tag applies. */
    readonly tags: readonly { readonly pattern: string; readonly days: number }[];
    readonly intermediateDays: number;
    readonly objectsPerSecond: number;
  };
  /** 0 = no limit. */
  readonly quota: { readonly projectBytes: number; readonly nodeBytes: number };
  readonly release: {
    readonly review: "off" | "all" | "unless-dp";
    /** How many different people must approve. */
    readonly reviewers: number;
    /** Reviewers are shown whole numbers from 1 to this minus 1; 0 = none. */
    readonly smallCount: number;
    /** Days after which an undecided final result is declined; 0 = never. */
    readonly waitDays: number;
  };
  readonly server: {
    readonly host: string;
    readonly port: number;
    readonly publicUrl: string | undefined;
    /** 0 = no limit. */
    readonly maxUploadBytes: number;
    /** `undefined`: the service computes it from the available memory. */
    readonly uploadsAtOnce: number | undefined;
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
