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

/** The SeaweedFS that docker-compose.yml runs. */
export async function startObjectStoreContainer(): Promise<ServerContainer> {
  const container = await new GenericContainer(await composeImage("seaweedfs"))
    .withCommand(["mini", "-dir=/data"])
    .withEnvironment({ AWS_ACCESS_KEY_ID: user, AWS_SECRET_ACCESS_KEY: password, S3_BUCKET: "started" })
    .withExposedPorts(8333)
    // Made last of all, once every part is there.
    .withHealthCheck({
      test: [
        "CMD-SHELL",
        `curl -fsS -o /dev/null --aws-sigv4 aws:amz:us-east-1:s3 -u ${user}:${password} http://127.0.0.1:8333/started`,
      ],
      interval: 500,
      timeout: 5_000,
      retries: 300,
    })
    .withWaitStrategy(Wait.forHealthCheck())
    .withStartupTimeout(startLimitMs)
    .start();
  return serverOf(container, {
    TEST_S3_ENDPOINT: `${container.getHost()}:${container.getMappedPort(8333)}`,
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
