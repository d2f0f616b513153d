import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { formOf, startTestService, type TestService } from "../support/service.ts";

describe("metrics", () => {
  let service: TestService;
  beforeAll(async () => {
    service = await startTestService();
  });
  afterAll(() => service.stop());

  async function scrape(): Promise<string> {
    const response = await fetch(`${service.url}/metrics`);
    expect(response.headers.get("content-type")).toStartWith("text/plain; version=0.0.4");
    return response.text();
  }

  test("tell of requests, bytes and what the service stands on, and never an id or a name", async () => {
    const file = new File(["twelve bytes"], "patients.csv");
    const stored = await service.fetch("1", "/local", {
      method: "PUT",
      body: formOf(["file", file], ["tag", "my-tag"]),
    });
    const { object_id } = (await stored.json()) as { object_id: string };
    await (await service.fetch("2", `/local/${object_id}`)).text();
    await service.fetch("2", `/local/${object_id}`, { headers: { range: "bytes=0-4" } });
    await service.fetch("3", `/local/${object_id}`);
    await fetch(`${service.url}/nope/${object_id}`);
    await fetch(`${service.url}/local/tags/my-tag`, { method: "BREW" });
    const text = await scrape();
    for (const line of [
      'flame_result_http_request_duration_seconds_count{method="PUT",route="/local",status="200"} 1',
      'flame_result_http_request_duration_seconds_count{method="GET",route="/local/:object_id",status="404"} 1',
      'flame_result_file_bytes_total{kind="local",direction="in"} 12',
      'flame_result_file_bytes_total{kind="local",direction="out"} 17',
      'flame_result_dependency_call_duration_seconds_count{dependency="hub_auth",operation="POST token",outcome="ok"} 1',
      'flame_result_dependency_call_duration_seconds_count{dependency="hub_core",operation="GET analyses",outcome="ok"} 3',
      'flame_result_dependency_call_duration_seconds_count{dependency="object_store",operation="put",outcome="ok"} 1',
      'flame_result_dependency_call_duration_seconds_count{dependency="jwks",operation="GET",outcome="ok"} 1',
      'flame_result_hub_token_renewals_total{outcome="ok"} 1',
    ]) {
      expect(text).toContain(`${line}\n`);
    }
    expect(text).toMatch(/flame_result_build_info\{version="\d+\.\d+\.\d+",runtime="bun [\d.]+"\} 1/);
    expect(text).toMatch(/^process_resident_memory_bytes \d{7,}$/m);
    // What Bun gives under this name is not the size of the heap.
    expect(text).not.toContain("process_heap_bytes");
    expect(text).not.toMatch(/patients|my-tag|[0-9a-f]{8}-[0-9a-f]{4}-/);
  });

  test("tell what privacy was spent, and how many finals wait", async () => {
    const form = () => formOf(["epsilon", "0.5"], ["sensitivity", "1"], ["file", new File(["118"], "count.txt")]);
    for (const as of ["1", "3"] as const) {
      expect((await service.fetch(as, "/final/localdp", { method: "PUT", body: form() })).status).toBe(204);
    }
    const refused = formOf(["epsilon", "-1"], ["sensitivity", "1"], ["file", new File(["118"], "count.txt")]);
    expect((await service.fetch("2", "/final/localdp", { method: "PUT", body: refused })).status).toBe(400);
    const text = await scrape();
    for (const line of [
      "flame_result_dp_releases_total 2",
      "flame_result_dp_epsilon_total 1",
      'flame_result_audit_events_total{event="final.delivered",outcome="ok"} 2',
      "flame_result_submissions_pending 0",
      "flame_result_submissions_oldest_seconds 0",
    ]) {
      expect(text).toContain(`${line}\n`);
    }
  });

  test("tell of failures of the Hub", async () => {
    const body = { message: "not a Hub's own words, which would be a reason to sign in again" };
    service.hub.fail({ path: /^\/core\/projects/ }, { kind: "status", status: 500, body }, 1);
    const path = `/local?project_id=${crypto.randomUUID()}`;
    expect((await service.fetch("adapter", path, { method: "DELETE" })).status).toBe(502);
    expect(await scrape()).toContain(
      'flame_result_dependency_call_duration_seconds_count{dependency="hub_core",operation="GET projects",outcome="failed"} 1',
    );
  });

  test("are well-formed: every sample has its type, and no series comes twice", async () => {
    const lines = (await scrape()).trimEnd().split("\n");
    const types = new Set(lines.flatMap((line) => /^# TYPE (\S+) /.exec(line)?.[1] ?? []));
    const series = lines
      .filter((line) => line !== "" && !line.startsWith("#"))
      .map((line) => line.replace(/ \S+$/, ""));
    for (const one of series) {
      const name = one.replace(/\{.*/, "");
      expect([name, types.has(name) || types.has(name.replace(/_(?:bucket|sum|count)$/, ""))]).toEqual([name, true]);
    }
    expect(new Set(series).size).toBe(series.length);
  });
});

test("metrics can be turned off", async () => {
  const service = await startTestService({ env: { SERVER__METRICS: "0" } });
  const response = await fetch(`${service.url}/metrics`);
  expect([response.status, await response.json()]).toEqual([404, { detail: "Not Found" }]);
  await service.stop();
});
