import { accessKey, bucketName, endpoint, flag, host, text, wholeNumber } from "../schemas.ts";
import type { SettingGroup } from "../setting.ts";

const WITHOUT_DATA_DIR = { unless: "DATA_DIR" } as const;
const STORE_SECRET = { schema: text, required: WITHOUT_DATA_DIR, secret: true, example: "change-me" } as const;

export const STORAGE = {
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
