import { GenericContainer, type StartedTestContainer, Wait } from "testcontainers";
import { composeImage } from "./compose-image.ts";

/** A server in a container of its own: the variables that tell the tests of it, and what removes it. */
export interface ServerContainer {
  readonly variables: Record<string, string>;
  stop(): Promise<void>;
}

const user = "tests";
const password = "only-for-tests";
const startLimitMs = 180_000;

/** The PostgreSQL that docker-compose.yml runs. */
export async function startPostgresContainer(): Promise<ServerContainer> {
  const container = await new GenericContainer(await composeImage("postgres"))
    .withEnvironment({ POSTGRES_USER: user, POSTGRES_PASSWORD: password, POSTGRES_DB: "postgres" })
    .withExposedPorts(5432)
    // By TCP: while the first start prepares the database, the server answers on its socket alone.
    .withHealthCheck({
      test: ["CMD-SHELL", `pg_isready -h 127.0.0.1 -U ${user} -d postgres`],
      interval: 500,
      timeout: 5_000,
      retries: 120,
    })
    .withWaitStrategy(Wait.forHealthCheck())
    .withStartupTimeout(startLimitMs)
    .start();
  return serverOf(container, {
    TEST_POSTGRES_URL: `postgres://${user}:${password}@${container.getHost()}:${container.getMappedPort(5432)}/postgres`,
  });
}

/** The MinIO that docker-compose.yml runs. */
export async function startMinioContainer(): Promise<ServerContainer> {
  const container = await new GenericContainer(await composeImage("minio"))
    .withCommand(["server", "/data"])
    .withEnvironment({ MINIO_ROOT_USER: user, MINIO_ROOT_PASSWORD: password })
    .withExposedPorts(9000)
    // Anonymous requests are refused, but answered.
    .withWaitStrategy(Wait.forHttp("/", 9000).forStatusCodeMatching((status) => status < 500))
    .withStartupTimeout(startLimitMs)
    .start();
  return serverOf(container, {
    TEST_S3_ENDPOINT: `${container.getHost()}:${container.getMappedPort(9000)}`,
    TEST_S3_ACCESS_KEY: user,
    TEST_S3_SECRET_KEY: password,
  });
}

function serverOf(container: StartedTestContainer, variables: Record<string, string>): ServerContainer {
  return {
    variables,
    async stop() {
      await container.stop({ timeout: 0, remove: true, removeVolumes: true });
    },
  };
}
