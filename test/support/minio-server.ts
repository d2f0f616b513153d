import { findFreePort, withRetries } from "./daemon.ts";
import { type ObjectStoreServer, type StoreOptions, startStoreProgram } from "./object-store-server.ts";
import { findGoTool } from "./tools/go-tools.ts";

export const minioInstalled = (): boolean => findGoTool("minio") !== undefined;

export function startMinio(options: StoreOptions = {}): Promise<ObjectStoreServer> {
  return withRetries(() => start(options));
}

async function start(options: StoreOptions): Promise<ObjectStoreServer> {
  const minio = findGoTool("minio");
  if (minio === undefined) throw new Error("MinIO was not built (npx bun run test:tools)");
  const { accessKey = "test-access-key", secretKey = `test-secret-${crypto.randomUUID()}` } = options;
  const endpoint = options.listenOn ?? `127.0.0.1:${await findFreePort()}`;
  const variables = {
    MINIO_ROOT_USER: accessKey,
    MINIO_ROOT_PASSWORD: secretKey,
    MINIO_BROWSER: "off",
    MINIO_UPDATE: "off",
    MINIO_CALLHOME_ENABLE: "off",
  };
  return startStoreProgram({
    name: "minio",
    endpoint,
    accessKey,
    secretKey,
    command: (dataDir) => [
      "env",
      ...Object.entries(variables).map(([name, value]) => `${name}=${value}`),
      minio,
      "server",
      dataDir,
      "--address",
      endpoint,
    ],
  });
}
