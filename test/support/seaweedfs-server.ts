import { findFreePort, withRetries } from "./daemon.ts";
import { type ObjectStoreServer, type StoreOptions, startStoreProgram } from "./object-store-server.ts";
import { findGoTool } from "./tools/go-tools.ts";

export const seaweedfsInstalled = (): boolean => findGoTool("weed") !== undefined;

/** SeaweedFS with all its parts in one process. */
export function startSeaweedfs(options: StoreOptions = {}): Promise<ObjectStoreServer> {
  return withRetries(() => start(options));
}

async function start(options: StoreOptions): Promise<ObjectStoreServer> {
  const weed = findGoTool("weed");
  if (weed === undefined) throw new Error("SeaweedFS was not built (npx bun run test:tools)");
  const { accessKey = "test-access-key", secretKey = `test-secret-${crypto.randomUUID()}` } = options;
  const endpoint = options.listenOn ?? `127.0.0.1:${await findFreePort()}`;
  const ports = await choosePorts(Number(endpoint.split(":")[1]));
  const flags = ["-ip=127.0.0.1", "-ip.bind=127.0.0.1", "-filer", "-s3", "-s3.port.iceberg=0", "-s3.port.lance=0"];
  for (const { part, port, grpc } of ports) flags.push(`-${part}.port=${port}`, `-${part}.port.grpc=${grpc}`);
  // Each bucket of the tests has volumes of its own, which are small files until they are filled. A master that is alone
  // need not wait for others before it leads.
  flags.push(
    "-volume.max=1000",
    "-master.volumeSizeLimitMB=1024",
    "-master.electionTimeout=1s",
    "-master.telemetry=false",
  );
  return startStoreProgram({
    name: "seaweedfs",
    endpoint,
    accessKey,
    secretKey,
    command: (dataDir) => [
      "env",
      `AWS_ACCESS_KEY_ID=${accessKey}`,
      `AWS_SECRET_ACCESS_KEY=${secretKey}`,
      weed,
      "-logtostderr=true",
      "server",
      `-dir=${dataDir}`,
      ...flags,
    ],
    leftovers: ports.flatMap(({ part, port, grpc }) => [
      `/tmp/seaweedfs-${part}-grpc-${grpc}.sock`,
      `/tmp/seaweedfs-${part}-${port}.sock`,
    ]),
  });
}

interface PartPorts {
  readonly part: string;
  readonly port: number;
  readonly grpc: number;
}

async function choosePorts(s3Port: number): Promise<PartPorts[]> {
  const ports: PartPorts[] = [];
  for (const part of ["master", "volume", "filer", "s3"]) {
    const port = part === "s3" ? s3Port : await findFreePort();
    ports.push({ part, port, grpc: await findFreePort() });
  }
  return ports;
}
