import { findFreePort, withRetries } from "./daemon.ts";
import { type ObjectStoreServer, type StoreOptions, startStoreProgram } from "./object-store-server.ts";
import { findGoTool } from "./tools/go-tools.ts";

export const versitygwInstalled = (): boolean => findGoTool("versitygw") !== undefined;

/** The Versity gateway over a plain folder: an object is a file of its name. */
export function startVersitygw(options: StoreOptions = {}): Promise<ObjectStoreServer> {
  return withRetries(() => start(options));
}

async function start(options: StoreOptions): Promise<ObjectStoreServer> {
  const versitygw = findGoTool("versitygw");
  if (versitygw === undefined) throw new Error("versitygw was not built (npx bun run test:tools)");
  const { accessKey = "test-access-key", secretKey = `test-secret-${crypto.randomUUID()}` } = options;
  const endpoint = options.listenOn ?? `127.0.0.1:${await findFreePort()}`;
  return startStoreProgram({
    name: "versitygw",
    endpoint,
    accessKey,
    secretKey,
    command: (dataDir) => [
      "env",
      `ROOT_ACCESS_KEY=${accessKey}`,
      `ROOT_SECRET_KEY=${secretKey}`,
      versitygw,
      "--port",
      endpoint,
      "posix",
      dataDir,
    ],
  });
}
