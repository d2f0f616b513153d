import { cephInstalled, startCeph } from "./ceph-server.ts";
import { dockerInstalled, startDockerEngine } from "./docker-engine.ts";
import { minioInstalled, startMinio } from "./minio-server.ts";
import type { ObjectStoreServer } from "./object-store-server.ts";
import { postgresInstalled, startPostgres } from "./postgres-server.ts";
import { seaweedfsInstalled, startSeaweedfs } from "./seaweedfs-server.ts";
import { startVersitygw, versitygwInstalled } from "./versitygw-server.ts";

/** A real service that tests run against. */
export interface Part {
  readonly name: string;
  /** What brings it, where it is missing. */
  readonly remedy: string;
  readonly isInstalled: () => boolean;
  /** Starts the service; gives the variables that tell the tests of it, and what ends it. */
  readonly start: () => Promise<StartedPart>;
}

export interface StartedPart {
  readonly variables: Readonly<Record<string, string>>;
  stop(): Promise<unknown>;
}

export const postgres: Part = {
  name: "PostgreSQL",
  remedy: "Debian: apt-get install postgresql",
  isInstalled: postgresInstalled,
  start: async () => {
    const server = await startPostgres();
    return { variables: { TEST_POSTGRES_URL: server.url }, stop: server.stop };
  },
};

export const docker: Part = {
  name: "Docker engine",
  remedy: "Debian: apt-get install docker.io iptables",
  isInstalled: dockerInstalled,
  start: async () => {
    const engine = await startDockerEngine();
    return { variables: { TEST_DOCKER_HOST: engine.host, TEST_DOCKER_IMAGES: "made" }, stop: engine.stop };
  },
};

export interface Store extends Part {
  readonly launch: () => Promise<ObjectStoreServer>;
}

function store(name: string, remedy: string, isInstalled: () => boolean, launch: Store["launch"]): Store {
  return {
    launch,
    name,
    remedy,
    isInstalled,
    start: async () => {
      const { endpoint, accessKey, secretKey, stop } = await launch();
      const variables = { TEST_S3_ENDPOINT: endpoint, TEST_S3_ACCESS_KEY: accessKey, TEST_S3_SECRET_KEY: secretKey };
      return { variables, stop };
    },
  };
}

const built = "npx bun run test:tools";

/** By the names that TEST_STORE takes; the first one that is installed is used when it is not set. */
export const stores: Readonly<Record<string, Store>> = {
  ceph: store("Ceph", "Debian: apt-get install radosgw ceph-mon ceph-osd", cephInstalled, startCeph),
  seaweedfs: store("SeaweedFS", built, seaweedfsInstalled, startSeaweedfs),
  minio: store("MinIO", built, minioInstalled, startMinio),
  versitygw: store("versitygw", built, versitygwInstalled, startVersitygw),
};

/** All parts at once; when one does not start, the others are stopped again. */
export async function startParts(parts: readonly Part[]): Promise<StartedPart> {
  const started = await Promise.allSettled(parts.map(({ start }) => start()));
  const services = started.flatMap((result) => (result.status === "fulfilled" ? [result.value] : []));
  const stop = () => Promise.allSettled(services.map((service) => service.stop()));
  const failed = started.find((result) => result.status === "rejected");
  if (failed) {
    await stop();
    throw failed.reason;
  }
  return { variables: Object.assign({}, ...services.map((service) => service.variables)), stop };
}
