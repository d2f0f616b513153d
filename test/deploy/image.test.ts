import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { findFreePort } from "../support/daemon.ts";
import { eventually } from "../support/eventually.ts";
import { type Backend, backends, formOf, isAvailable, startTestService, type TestService } from "../support/service.ts";
import { createDocker, dockerHost } from "./docker.ts";
import { buildServiceImage, serviceImage } from "./images.ts";

const docker = createDocker(dockerHost ?? "");
const limitMs = 240_000;

describe.skipIf(dockerHost === undefined)("the image", () => {
  beforeAll(() => buildServiceImage(docker), limitMs);

  test("holds no shell and no root", async () => {
    const megabytes = Number(await docker.run(["image", "inspect", "-f", "{{.Size}}", serviceImage])) / 1e6;
    console.log(`the image has ${megabytes.toFixed(1)} MB`);
    expect(await docker.run(["image", "inspect", "-f", "{{.Config.User}}", serviceImage])).toBe("65532:65532");
    const shell = docker.run(["run", "--rm", "--entrypoint", "/bin/sh", serviceImage, "-c", "true"]);
    await expect(shell).rejects.toThrow(/no such file/);
    expect(await docker.run(["run", "--rm", serviceImage, "--version"])).toMatch(/^\d+\.\d+\.\d+$/);
  });

  describe.each(backends.map((backend) => ({ backend })))("with its data in $backend", ({ backend }) => {
    describe.skipIf(!isAvailable(backend))("unprivileged, on a read-only file system", () => {
      let around: TestService;
      let container: Container;
      beforeAll(async () => {
        around = await startTestService({ backend });
        await around.shutDown();
        container = await startContainer(around, backend);
      }, limitMs);
      afterAll(async () => {
        await container?.remove();
        await around?.stop();
      });

      test("it stores a result, hands it out, and stops when it is told to", async () => {
        const headers = { authorization: `Bearer ${await around.token("1")}` };
        const bytes = crypto.getRandomValues(new Uint8Array(60_000));
        const body = formOf(["file", new File([bytes], "model.bin")]);
        const stored = await fetch(`${container.url}/local`, { method: "PUT", headers, body });
        expect(stored.status).toBe(200);
        const { url } = (await stored.json()) as { url: string };
        const read = await fetch(url, { headers });
        expect(await read.bytes()).toEqual(bytes);
        expect(await container.changedFiles()).toEqual([]);
        expect(await container.stop()).toBe("0");
      }, 60_000);
    });
  });
});

interface Container {
  readonly url: string;
  /** Outside of volumes. */
  changedFiles(): Promise<string[]>;
  /** SIGTERM; resolves with the exit code. */
  stop(): Promise<string>;
  remove(): Promise<unknown>;
}

async function startContainer(around: TestService, backend: Backend): Promise<Container> {
  const port = await findFreePort();
  const storage: Record<string, string> = backend === "embedded" ? { DATA_DIR: "/data" } : {};
  const environment = { ...around.environment, SERVER__PORT: String(port), ...storage };
  const variables = Object.entries(environment).flatMap(([name, value]) => ["-e", `${name}=${value}`]);
  const limits = ["--read-only", "--cap-drop", "ALL", "--security-opt", "no-new-privileges"];
  const volumes = ["-v", "/tmp", ...(backend === "embedded" ? ["-v", "/data"] : [])];
  const health = ["--health-interval", "500ms"];
  // On the host's network, where the stand-ins of Hub and identity provider and the real servers listen on loopback.
  const place = ["-d", "--network", "host", ...limits, ...volumes, ...health, ...variables];
  const id = await docker.run(["run", ...place, serviceImage]);
  const inspect = (format: string) => docker.run(["inspect", "-f", format, id]);
  try {
    await eventually(async () => expect(await inspect("{{.State.Health.Status}}")).toBe("healthy"), 30_000);
  } catch (error) {
    throw new Error(`${error}\n${await docker.run(["logs", id])}`);
  }
  return {
    url: `http://127.0.0.1:${port}`,
    changedFiles: async () => (await docker.run(["diff", id])).split("\n").filter((line) => line !== ""),
    async stop() {
      await docker.run(["stop", "--time", "20", id]);
      return inspect("{{.State.ExitCode}}");
    },
    remove: () => docker.run(["rm", "-f", "-v", id]),
  };
}
