import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { createPrivateCertificate, opensslInstalled } from "../support/certificate.ts";
import { eventually } from "../support/eventually.ts";
import { isAvailable } from "../support/service.ts";
import { eventsOf, fetchOnce, isRunning, linesOf, patienceMs, started, useWorkers } from "./executable-workers.ts";

describe.skipIf(!isAvailable("servers") || process.platform !== "linux")("the start of several workers", () => {
  const workers = useWorkers();
  const { environment, start } = workers;

  test.each([
    ["another program", { reusePort: false }],
    ["a program that would share it", { reusePort: true }],
  ])(
    "a port that %s has is not taken from it, and said to be taken once",
    async (_, options) => {
      const other = Bun.serve({ hostname: "127.0.0.1", port: 0, ...options, fetch: () => new Response("other") });
      const port = String(other.port);
      const { code, out, err } = await workers.executable.run(["serve"], environment({ SERVER__PORT: port }));
      await other.stop(true);
      expect([code, err]).toEqual([1, ""]);
      expect(linesOf(out).map(({ event }) => event)).toEqual(["service.starting", "service.failed"]);
      expect(linesOf(out)[1]?.error).toContain(port);
    },
    20_000,
  );

  test("a second service does not slip in beside the workers of the first, with workers or without", async () => {
    const { url } = await start();
    for (const count of ["1", "3"]) {
      const env = environment({ SERVER__PORT: new URL(url).port, SERVER__WORKERS: count });
      const { code, out } = await workers.executable.run(["serve"], env);
      expect([code, eventsOf(out, "service.failed").length]).toEqual([1, 1]);
    }
  }, 30_000);

  test("what keeps the service from starting is said once, with the exit code of one process", async () => {
    const wrongDatabase = await workers.executable.run(["serve"], environment({ POSTGRES__DB: "no_such_database" }));
    expect([wrongDatabase.code, wrongDatabase.err]).toEqual([1, ""]);
    expect(eventsOf(wrongDatabase.out, "service.failed")).toHaveLength(1);
    expect(eventsOf(wrongDatabase.out, "worker.started")).toHaveLength(1);

    const folder = environment({ DATA_DIR: workers.executable.folder, OIDC__SKIP_JWT_VALIDATION: "1" });
    const refused = await workers.executable.run(["serve"], folder);
    expect([refused.code, refused.out]).toEqual([78, ""]);
    expect(refused.err.match(/SERVER__WORKERS/g)).toHaveLength(1);
  }, 30_000);

  test("warnings about settings are printed once", async () => {
    const file = Bun.file(`${workers.executable.folder}/warnings.txt`);
    const child = Bun.spawn([workers.executable.path, "serve"], {
      cwd: workers.executable.folder,
      env: environment({ OIDC__SKIP_JWT_VALIDATION: "1" }),
      stdout: file,
      stderr: Bun.file(`${workers.executable.folder}/errors.txt`),
    });
    await eventually(async () => expect(await file.text()).toMatch(started), patienceMs);
    child.kill("SIGTERM");
    expect(await child.exited).toBe(0);
    expect(
      (await Bun.file(`${workers.executable.folder}/errors.txt`).text()).match(/SKIP_JWT_VALIDATION/g),
    ).toHaveLength(1);
  }, 60_000);

  test("told to stop while it waits for the database, it ends at once with 0", async () => {
    const { service, pids } = await start({ POSTGRES__PORT: "1" }, /"event":"database.waiting"/);
    expect(await service.stop("SIGTERM")).toBe(0);
    expect(pids().filter(isRunning)).toEqual([]);
    expect(linesOf(service.output()).some(({ event }) => event === "service.failed")).toBe(false);
  }, 60_000);

  test.skipIf(!opensslInstalled())(
    "all workers trust the authorities that EXTRA_CA_CERTS adds",
    async () => {
      const certificate = createPrivateCertificate();
      const secure = Bun.serve({
        hostname: "127.0.0.1",
        port: 0,
        tls: certificate,
        fetch: (request) => workers.world.identity.fetch(request),
      });
      const env = {
        EXTRA_CA_CERTS: certificate.authorityPath,
        OIDC__CERTS_URL: `https://127.0.0.1:${secure.port}/certs`,
      };
      const { url, pids } = await start(env);
      for (const pid of pids()) {
        expect(readFileSync(`/proc/${pid}/environ`, "utf8")).toContain(
          `NODE_EXTRA_CA_CERTS=${certificate.authorityPath}`,
        );
      }
      const init = { headers: { authorization: workers.authorization } };
      const answers = Array.from({ length: 20 }, () => fetchOnce(`${url}/local/tags`, init));
      expect((await Promise.all(answers)).map(({ status }) => status)).toEqual(Array(20).fill(200));
      await secure.stop(true);
      certificate.remove();
    },
    60_000,
  );

  test("a single process, as is the default, starts no other", async () => {
    const { service } = await start({ SERVER__WORKERS: "1" });
    expect(readFileSync(`/proc/${service.pid}/task/${service.pid}/children`, "utf8")).toBe("");
    expect(linesOf(service.output()).some((line) => "worker" in line || "workers" in line)).toBe(false);
  }, 60_000);

  test("it works from the source as well", async () => {
    const child = Bun.spawn([process.execPath, "src/main.ts", "serve"], {
      env: { PATH: "/usr/bin:/bin", ...environment() },
      stdout: "pipe",
      stderr: "inherit",
    });
    let text = "";
    const reading = (async () => {
      for await (const chunk of child.stdout) text += new TextDecoder().decode(chunk);
    })();
    await eventually(() => expect(text).toMatch(started), patienceMs);
    expect((await fetchOnce(`${started.exec(text)?.[1]}/healthz`)).status).toBe(200);
    child.kill("SIGTERM");
    expect(await child.exited).toBe(0);
    await reading;
    expect(eventsOf(text, "worker.started")).toHaveLength(2);
  }, 60_000);
});
