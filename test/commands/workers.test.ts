import { afterAll, afterEach, beforeAll, describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { createPrivateCertificate, opensslInstalled } from "../support/certificate.ts";
import { eventually } from "../support/eventually.ts";
import { buildExecutable, type Executable, type RunningExecutable } from "../support/executable.ts";
import { formOf, isAvailable, startTestService, type TestService } from "../support/service.ts";

const started = /"url":"(http:[^"]+)".*"event":"service.started"/;
/** For what takes a moment on an idle machine. */
const patienceMs = 30_000;

interface Line {
  readonly event: string;
  readonly worker?: number;
  readonly pid?: number;
  readonly error?: string;
  readonly startedAgainInMs?: number;
}

function linesOf(text: string): Line[] {
  return text
    .split("\n")
    .filter((line) => line.startsWith("{") && line.endsWith("}"))
    .map((line) => JSON.parse(line));
}
const eventsOf = (text: string, event: string) => linesOf(text).filter((line) => line.event === event);

function isRunning(pid: number): boolean {
  try {
    // Of one that has ended and that nobody has asked about yet, this is empty.
    return readFileSync(`/proc/${pid}/cmdline`, "utf8") !== "";
  } catch {
    return false;
  }
}

/** An upload whose second half is sent when the gate opens. */
function slowUpload(url: string, authorization: string, gate: Promise<void>): Promise<Response> {
  const boundary = "slow";
  const head = `--${boundary}\r\nContent-Disposition: form-data; name="file"; filename="slow.txt"\r\n\r\nfirst half, `;
  const body = new ReadableStream<Uint8Array>({
    async start(controller) {
      controller.enqueue(new TextEncoder().encode(head));
      await gate;
      controller.enqueue(new TextEncoder().encode(`second half\r\n--${boundary}--\r\n`));
      controller.close();
    },
  });
  const headers = { authorization, "content-type": `multipart/form-data; boundary=${boundary}` };
  return fetch(`${url}/local`, { method: "PUT", body, headers, keepalive: false });
}

/** Each on a connection of its own, so that every worker gets some. */
const fetchOnce = (url: string, init: RequestInit = {}) =>
  fetch(url, { ...init, keepalive: false, signal: AbortSignal.timeout(3_000) });

function sampleOf(text: string, sample: string): number {
  const line = text.split("\n").find((candidate) => candidate.startsWith(`${sample} `));
  return Number(line?.slice(sample.length + 1) ?? Number.NaN);
}

describe.skipIf(!isAvailable("servers") || process.platform !== "linux")("several workers on one port", () => {
  let executable: Executable;
  let world: TestService;
  let authorization: string;
  const running: RunningExecutable[] = [];

  beforeAll(async () => {
    executable = await buildExecutable();
    world = await startTestService({ backend: "servers" });
    await world.shutDown();
    authorization = `Bearer ${await world.token("1")}`;
  }, 60_000);
  afterEach(async () => {
    const services = running.splice(0);
    await Promise.all(services.map((service) => service.stop("SIGTERM")));
    // Where a test has failed, they may have outlived their parent.
    for (const { pid = 0 } of services.flatMap((service) => eventsOf(service.output(), "worker.started"))) {
      if (isRunning(pid)) process.kill(pid, "SIGKILL");
    }
  });
  afterAll(async () => {
    await world.stop();
    await executable.remove();
  });

  const environment = (env: Record<string, string> = {}): Record<string, string> => {
    const few = { SERVER__WORKERS: "2", POSTGRES__MAX_CONNECTIONS: "4" };
    return { ...(world.environment as Record<string, string>), ...few, ...env };
  };
  async function start(env: Record<string, string> = {}, ready = started) {
    const service = await executable.start(["serve"], ready, environment(env));
    running.push(service);
    const pids = () => eventsOf(service.output(), "worker.started").map(({ pid }) => pid ?? 0);
    return { service, url: service.match[1] ?? "", pids };
  }
  const refuses = (url: string) => expect(fetchOnce(`${url}/healthz`)).rejects.toThrow();

  test("all of them serve what any of them has stored; the start is told once, and the log says who did what", async () => {
    const { service, url, pids } = await start();
    const body = formOf(["file", new File(["shared"], "shared.txt")]);
    const stored = await fetchOnce(`${url}/local`, { method: "PUT", body, headers: { authorization } });
    const { url: link } = (await stored.json()) as { url: string };
    expect(link).toStartWith(url);
    const reads = Array.from({ length: 30 }, async () => {
      return (await fetchOnce(link, { headers: { authorization } })).text();
    });
    expect(new Set(await Promise.all(reads))).toEqual(new Set(["shared"]));
    await eventually(() => {
      const servants = eventsOf(service.output(), "http.request").map(({ worker }) => worker);
      expect(new Set(servants)).toEqual(new Set([1, 2]));
    }, patienceMs);
    expect(linesOf(service.output()).filter(({ event }) => /^service\./.test(event))).toMatchObject([
      { event: "service.starting", workers: 2 },
      { event: "service.started", workers: 2, url },
    ]);
    expect((await fetchOnce(`${url}/readyz`)).status).toBe(200);
    const health = { SERVER__HOST: "127.0.0.1", SERVER__PORT: new URL(url).port };
    expect((await executable.run(["healthcheck"], health)).code).toBe(0);
    expect((await executable.run(["doctor"], environment())).out).toContain("Nothing is wrong.");

    expect(await service.stop("SIGTERM")).toBe(0);
    expect(pids().filter(isRunning)).toEqual([]);
    expect(eventsOf(service.output(), "service.stopped")).toHaveLength(1);
    await refuses(url);
  }, 60_000);

  test.each(["SIGTERM", "SIGINT"] as const)(
    "%s lets the uploads of all workers finish, and takes no new ones",
    async (signal) => {
      const { service, url } = await start({ SERVER__SHUTDOWN_SECONDS: "60" });
      const gate = Promise.withResolvers<void>();
      const uploads = Array.from({ length: 8 }, () => slowUpload(url, authorization, gate.promise));
      await Bun.sleep(300);
      const exit = service.stop(signal);
      await eventually(() => refuses(url), patienceMs);
      gate.resolve();
      expect((await Promise.all(uploads)).map(({ status }) => status)).toEqual(Array(8).fill(200));
      expect(await exit).toBe(0);
    },
    60_000,
  );

  test("workers whose parent is killed give up the port, finish what runs, and end", async () => {
    const { service, url, pids } = await start({ SERVER__SHUTDOWN_SECONDS: "60" });
    const gate = Promise.withResolvers<void>();
    const uploads = Array.from({ length: 4 }, () => slowUpload(url, authorization, gate.promise));
    await Bun.sleep(300);
    await service.stop("SIGKILL");
    await eventually(() => refuses(url), patienceMs);
    gate.resolve();
    expect((await Promise.all(uploads)).map(({ status }) => status)).toEqual([200, 200, 200, 200]);
    await eventually(() => expect(pids().filter(isRunning)).toEqual([]), patienceMs);
    const next = await start({ SERVER__PORT: new URL(url).port });
    expect(next.url).toBe(url);
  }, 60_000);

  test("a worker that is killed is started again, later each time, and the others serve meanwhile", async () => {
    const { service, url, pids } = await start();
    for (const [deaths, pause] of [200, 400, 800].entries()) {
      process.kill(pids().at(-1) ?? 0, "SIGKILL");
      const ended = () => eventsOf(service.output(), "worker.ended");
      await eventually(() => expect(ended()).toHaveLength(deaths + 1), patienceMs);
      expect(ended().at(-1)).toMatchObject({ worker: 2, code: null, signal: "SIGKILL", startedAgainInMs: pause });
      const answers = await Promise.all(Array.from({ length: 10 }, () => fetchOnce(`${url}/healthz`)));
      expect(answers.map(({ status }) => status)).toEqual(Array(10).fill(200));
      await eventually(() => expect(pids()).toHaveLength(deaths + 3), patienceMs);
    }
    await eventually(async () => {
      const text = await (await fetchOnce(`${url}/metrics`)).text();
      expect(sampleOf(text, "flame_result_workers_reporting")).toBe(2);
    }, patienceMs);
    expect(await service.stop("SIGTERM")).toBe(0);
  }, 60_000);

  test("a worker that is told to stop by itself is replaced", async () => {
    const { service, pids } = await start();
    process.kill(pids()[0] ?? 0, "SIGTERM");
    await eventually(() => expect(pids()).toHaveLength(3), patienceMs);
    expect(eventsOf(service.output(), "worker.ended")).toMatchObject([{ worker: 1, code: 0, level: "warn" }]);
  }, 60_000);

  test("metrics are the sums of all workers, whichever answers; one that hangs is left out and missed", async () => {
    const { url, pids } = await start();
    await Promise.all(Array.from({ length: 30 }, () => fetchOnce(`${url}/healthz`)));
    const healthy = 'flame_result_http_request_duration_seconds_count{method="GET",route="/healthz",status="200"}';
    const scrape = async () => (await fetchOnce(`${url}/metrics`)).text();
    const counts = (text: string) =>
      [healthy, "flame_result_workers", "flame_result_workers_reporting", "flame_result_submissions_pending"].map(
        (sample) => sampleOf(text, sample),
      );
    for (let scrapes = 0; scrapes < 10; scrapes++) {
      const text = await scrape();
      expect(counts(text)).toEqual([30, 2, 2, 0]);
      expect(text).toContain('flame_result_build_info{version="0.1.0"');
      expect(text).toMatch(/^flame_result_build_info\{.*\} 1$/m);
    }
    process.kill(pids()[1] ?? 0, "SIGSTOP");
    await eventually(async () => {
      const [served, ...others] = counts(await scrape());
      expect(others).toEqual([2, 1, 0]);
      expect(served).toBeLessThan(30);
    }, patienceMs);
    process.kill(pids()[1] ?? 0, "SIGCONT");
    await eventually(async () => expect(counts(await scrape())).toEqual([30, 2, 2, 0]), patienceMs);
  }, 90_000);

  test("finals of one analysis that come to different workers at the same time are all delivered while their clients wait", async () => {
    const { url } = await start({ SUBMISSIONS__WAIT_SECONDS: "60" });
    world.hub.delayMs = 20;
    const sends = Array.from({ length: 6 }, async (_, index) => {
      const body = formOf(["file", new File([`final ${index}`], `together-${index}.txt`)]);
      const init = { method: "PUT", body, headers: { authorization }, keepalive: false };
      return (await fetch(`${url}/final`, init)).status;
    });
    expect(await Promise.all(sends)).toEqual(Array(6).fill(204));
    world.hub.delayMs = 0;
    const bucket = world.hub.bucketOf(world.analyses[0], "RESULT").bucketId ?? "";
    const names = world.hub.filesOf(bucket).map(({ path }) => path);
    expect(names.toSorted()).toEqual(Array.from({ length: 6 }, (_, index) => `together-${index}.txt`));
  }, 60_000);

  test.each([
    ["another program", { reusePort: false }],
    ["a program that would share it", { reusePort: true }],
  ])(
    "a port that %s has is not taken from it, and said to be taken once",
    async (_, options) => {
      const other = Bun.serve({ hostname: "127.0.0.1", port: 0, ...options, fetch: () => new Response("other") });
      const port = String(other.port);
      const { code, out, err } = await executable.run(["serve"], environment({ SERVER__PORT: port }));
      await other.stop(true);
      expect([code, err]).toEqual([1, ""]);
      expect(linesOf(out).map(({ event }) => event)).toEqual(["service.starting", "service.failed"]);
      expect(linesOf(out)[1]?.error).toContain(port);
    },
    20_000,
  );

  test("a second service does not slip in beside the workers of the first, with workers or without", async () => {
    const { url } = await start();
    for (const workers of ["1", "3"]) {
      const env = environment({ SERVER__PORT: new URL(url).port, SERVER__WORKERS: workers });
      const { code, out } = await executable.run(["serve"], env);
      expect([code, eventsOf(out, "service.failed").length]).toEqual([1, 1]);
    }
  }, 30_000);

  test("what keeps the service from starting is said once, with the exit code of one process", async () => {
    const wrongDatabase = await executable.run(["serve"], environment({ POSTGRES__DB: "no_such_database" }));
    expect([wrongDatabase.code, wrongDatabase.err]).toEqual([1, ""]);
    expect(eventsOf(wrongDatabase.out, "service.failed")).toHaveLength(1);
    expect(eventsOf(wrongDatabase.out, "worker.started")).toHaveLength(1);

    const folder = environment({ DATA_DIR: executable.folder, OIDC__SKIP_JWT_VALIDATION: "1" });
    const refused = await executable.run(["serve"], folder);
    expect([refused.code, refused.out]).toEqual([78, ""]);
    expect(refused.err.match(/SERVER__WORKERS/g)).toHaveLength(1);
  }, 30_000);

  test("warnings about settings are printed once", async () => {
    const file = Bun.file(`${executable.folder}/warnings.txt`);
    const child = Bun.spawn([executable.path, "serve"], {
      cwd: executable.folder,
      env: environment({ OIDC__SKIP_JWT_VALIDATION: "1" }),
      stdout: file,
      stderr: Bun.file(`${executable.folder}/errors.txt`),
    });
    await eventually(async () => expect(await file.text()).toMatch(started), patienceMs);
    child.kill("SIGTERM");
    expect(await child.exited).toBe(0);
    expect((await Bun.file(`${executable.folder}/errors.txt`).text()).match(/SKIP_JWT_VALIDATION/g)).toHaveLength(1);
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
        fetch: (request) => world.identity.fetch(request),
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
      const init = { headers: { authorization } };
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
