import { expect, test } from "bun:test";
import { createPrometheusMetrics } from "../../src/observability/prometheus.ts";

const newMetrics = () => createPrometheusMetrics({ version: "1.2.3", runtime: "bun 1" });
const samples = async (metrics: ReturnType<typeof newMetrics>) =>
  (await metrics.render()).text.split("\n").filter((line) => line.startsWith("flame_result_"));

test("audit events are counted, with the bytes and the epsilon of those that went well", async () => {
  const metrics = newMetrics();
  metrics.logged("result.stored", { bytes: 5, outcome: "ok", objectId: "an-id" });
  metrics.logged("result.stored", { bytes: 7, outcome: "failed" });
  metrics.logged("intermediate.received", { bytes: 11, outcome: "ok" });
  metrics.logged("dp.released", { epsilon: 0.5, outcome: "ok" });
  metrics.logged("dp.released", { epsilon: 0.25, outcome: "ok" });
  metrics.logged("access.denied", { outcome: "denied" });
  metrics.logged("hub.token.obtained", {});
  metrics.logged("hub.token.renewal-failed", {});
  metrics.logged("something.else", { bytes: 3 });
  const lines = await samples(metrics);
  expect(lines).toEqual(
    expect.arrayContaining([
      'flame_result_audit_events_total{event="result.stored",outcome="ok"} 1',
      'flame_result_audit_events_total{event="result.stored",outcome="failed"} 1',
      'flame_result_audit_events_total{event="access.denied",outcome="denied"} 1',
      'flame_result_file_bytes_total{kind="local",direction="in"} 5',
      'flame_result_file_bytes_total{kind="intermediate",direction="out"} 11',
      "flame_result_dp_releases_total 2",
      "flame_result_dp_epsilon_total 0.75",
      'flame_result_hub_token_renewals_total{outcome="ok"} 1',
      'flame_result_hub_token_renewals_total{outcome="failed"} 1',
      'flame_result_build_info{version="1.2.3",runtime="bun 1"} 1',
    ]),
  );
  expect(lines.join("\n")).not.toMatch(/an-id|something/);
});

test("amounts that are none do no harm", async () => {
  const metrics = newMetrics();
  for (const bytes of [Number.NaN, -1, undefined, "5", Number.POSITIVE_INFINITY]) {
    metrics.logged("result.read", { bytes, outcome: "ok" });
  }
  expect(await samples(metrics)).toContain('flame_result_file_bytes_total{kind="local",direction="out"} 0');
});

test("methods that clients make up share one label", async () => {
  const metrics = newMetrics();
  for (const method of ["GET", "BREW", "X".repeat(50)])
    metrics.answered({ method, route: "/x", status: 200, seconds: 1 });
  const counts = (await samples(metrics)).filter((line) => line.includes("http_request_duration_seconds_count"));
  expect(counts).toEqual([
    'flame_result_http_request_duration_seconds_count{method="GET",route="/x",status="200"} 1',
    'flame_result_http_request_duration_seconds_count{method="other",route="/x",status="200"} 2',
  ]);
});

test("a call that runs is seen, and one that has ended is timed", async () => {
  const metrics = newMetrics();
  const end = metrics.calling("database");
  metrics.calling("database");
  expect(await samples(metrics)).toContain('flame_result_dependency_calls_running{dependency="database"} 2');
  end({ operation: "run", outcome: "ok", seconds: 0.3 });
  const lines = await samples(metrics);
  expect(lines).toContain('flame_result_dependency_calls_running{dependency="database"} 1');
  const labels = 'dependency="database",operation="run",outcome="ok"';
  expect(lines).toContain(`flame_result_dependency_call_duration_seconds_bucket{le="0.5",${labels}} 1`);
  expect(lines).toContain(`flame_result_dependency_call_duration_seconds_bucket{le="0.1",${labels}} 0`);
});

test("the queue is asked once per scrape; one that cannot tell spoils nothing and shows as NaN", async () => {
  const metrics = newMetrics();
  let asked = 0;
  let answer = () => Promise.resolve({ pending: 3, oldestSeconds: 42, standingAside: 1 });
  metrics.watchSubmissions(() => {
    asked += 1;
    return answer();
  });
  const shown = async () => (await samples(metrics)).filter((line) => line.includes("submissions"));
  expect(await shown()).toEqual([
    "flame_result_submissions_pending 3",
    "flame_result_submissions_oldest_seconds 42",
    "flame_result_submissions_standing_aside 1",
  ]);
  expect(asked).toBe(1);
  answer = () => Promise.reject(new Error("the database is away"));
  expect(await shown()).toEqual([
    "flame_result_submissions_pending Nan",
    "flame_result_submissions_oldest_seconds Nan",
    "flame_result_submissions_standing_aside Nan",
  ]);
});

test("two services in one process do not share their numbers", async () => {
  const [one, other] = [newMetrics(), newMetrics()];
  one.logged("dp.released", { epsilon: 1, outcome: "ok" });
  expect(await samples(other)).toContain("flame_result_dp_releases_total 0");
});

test("of several workers everything is added up but what they all see alike", async () => {
  const worker = { version: "1.2.3", runtime: "bun 1" };
  const other = createPrometheusMetrics({ ...worker, gather: async () => ({ workers: 3, reports: [] }) });
  other.logged("result.stored", { bytes: 5, outcome: "ok" });
  other.answered({ method: "GET", route: "/x", status: 200, seconds: 0.01 });
  other.answered({ method: "GET", route: "/x", status: 200, seconds: 50 });
  other.calling("database");
  const watch = { pending: 3, oldestSeconds: 60, standingAside: 0 };
  other.watchSubmissions(async () => watch);
  // As it comes from another process.
  const gather = async () => ({ workers: 3, reports: [structuredClone(await other.report())] });
  const metrics = createPrometheusMetrics({ ...worker, gather });
  metrics.watchSubmissions(async () => watch);
  metrics.logged("result.stored", { bytes: 7, outcome: "ok" });
  metrics.answered({ method: "GET", route: "/x", status: 200, seconds: 0.01 });
  metrics.answered({ method: "PUT", route: "/x", status: 200, seconds: 0.01 });
  metrics.calling("database");
  const labels = 'method="GET",route="/x",status="200"';
  expect(await samples(metrics)).toEqual(
    expect.arrayContaining([
      'flame_result_audit_events_total{event="result.stored",outcome="ok"} 2',
      'flame_result_file_bytes_total{kind="local",direction="in"} 12',
      `flame_result_http_request_duration_seconds_count{${labels}} 3`,
      `flame_result_http_request_duration_seconds_bucket{le="0.025",${labels}} 2`,
      'flame_result_http_request_duration_seconds_count{method="PUT",route="/x",status="200"} 1',
      'flame_result_dependency_calls_running{dependency="database"} 2',
      'flame_result_build_info{version="1.2.3",runtime="bun 1"} 1',
      "flame_result_submissions_pending 3",
      "flame_result_submissions_oldest_seconds 60",
      "flame_result_workers 3",
      "flame_result_workers_reporting 2",
    ]),
  );
  expect((await newMetrics().render()).text).not.toContain("flame_result_workers");
});
