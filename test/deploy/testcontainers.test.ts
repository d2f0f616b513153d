import { beforeAll, describe, expect, test } from "bun:test";
import { join } from "node:path";
import { seaweedfsInstalled } from "../support/seaweedfs-server.ts";
import { createDocker, dockerHost } from "./docker.ts";
import { provideServerImages } from "./server-images.ts";

const docker = createDocker(dockerHost ?? "");
const root = join(import.meta.dir, "../..");
const limitMs = 240_000;

describe.skipIf(dockerHost === undefined || !seaweedfsInstalled())("TEST__USE_TESTCONTAINERS=1", () => {
  beforeAll(() => provideServerImages(docker), limitMs);

  test(
    "runs the suites on PostgreSQL and SeaweedFS in containers, which are gone afterwards",
    async () => {
      const before = await docker.run(["ps", "-aq"]);
      const suites = ["test/catalog/postgres.test.ts", "test/objects/s3.test.ts"];
      const { TEST_POSTGRES_URL, TEST_S3_ENDPOINT, TEST_S3_ACCESS_KEY, TEST_S3_SECRET_KEY, ...env } = process.env;
      const child = Bun.spawn([process.execPath, join(root, "test/run.ts"), ...suites], {
        cwd: root,
        env: { ...env, DOCKER_HOST: dockerHost, TEST__USE_TESTCONTAINERS: "1", TEST_REQUIRE_ALL: "1" },
        stdin: "ignore",
        stdout: "pipe",
        stderr: "pipe",
      });
      const [out, err] = await Promise.all([child.stdout.text(), child.stderr.text()]);
      expect(await child.exited, `${err}${out}`).toBe(0);
      expect(out).toContain("SeaweedFS: started for the tests");
      expect(out).toMatch(/\n[1-9]\d* passed, 0 failed, 0 skipped\n$/);
      expect(await docker.run(["ps", "-aq"])).toBe(before);
    },
    limitMs,
  );
});
