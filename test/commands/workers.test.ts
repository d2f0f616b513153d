import { describe, expect, test } from "bun:test";
import { eventually } from "../support/eventually.ts";
import { formOf, isAvailable } from "../support/service.ts";
import { eventsOf, fetchOnce, isRunning, linesOf, patienceMs, refuses, useWorkers } from "./executable-workers.ts";

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

function sampleOf(text: string, sample: string): number {
  const line = text.split("\n").find((candidate) => candidate.startsWith(`${sample} `));
  return Number(line?.slice(sample.length + 1) ?? Number.NaN);
}

describe.skipIf(!isAvailable("servers") || process.platform !== "linux")("several workers on one port", () => {
  const workers = useWorkers();
  const { environment, start } = workers;

  test("all of them serve what any of them has stored; the start is told once, and the log says who did what", async () => {
    const { service, url, pids } = await start();
    const body = formOf(["file", new File(["shared"], "shared.txt")]);
    const stored = await fetchOnce(`${url}/local`, {
      method: "PUT",
      body,
      headers: { authorization: workers.authorization },
    });
    const { url: link } = (await stored.json()) as { url: string };
    expect(link).toStartWith(url);
    const reads = Array.from({ length: 30 }, async () => {
      return (await fetchOnce(link, { headers: { authorization: workers.authorization } })).text();
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
    expect((await workers.executable.run(["healthcheck"], health)).code).toBe(0);
    expect((await workers.executable.run(["doctor"], environment())).out).toContain("Nothing is wrong.");

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
      const uploads = Array.from({ length: 8 }, () => slowUpload(url, workers.authorization, gate.promise));
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
    const uploads = Array.from({ length: 4 }, () => slowUpload(url, workers.authorization, gate.promise));
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
    workers.world.hub.delayMs = 20;
    const sends = Array.from({ length: 6 }, async (_, index) => {
      const body = formOf(["file", new File([`final ${index}`], `together-${index}.txt`)]);
      const init = { method: "PUT", body, headers: { authorization: workers.authorization }, keepalive: false };
      return (await fetch(`${url}/final`, init)).status;
    });
    expect(await Promise.all(sends)).toEqual(Array(6).fill(204));
    workers.world.hub.delayMs = 0;
    const bucket = workers.world.hub.bucketOf(workers.world.analyses[0], "RESULT").bucketId ?? "";
    const names = workers.world.hub.filesOf(bucket).map(({ path }) => path);
    expect(names.toSorted()).toEqual(Array.from({ length: 6 }, (_, index) => `together-${index}.txt`));
  }, 60_000);
});
