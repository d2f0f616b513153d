import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { findFreePort } from "../support/daemon.ts";
import { seaweedfsInstalled } from "../support/seaweedfs-server.ts";
import { formOf } from "../support/service.ts";
import { createDocker, dockerHost } from "./docker.ts";
import { buildServiceImage } from "./images.ts";
import { provideServerImages } from "./server-images.ts";

const program = Bun.which("docker-compose");
const docker = createDocker(dockerHost ?? "");
const project = `flame-result-test-${process.pid}`;
const limitMs = 240_000;

let ports: { FLAME_RESULT_PORT: string; KEYCLOAK_PORT: string };
const compose = (...args: string[]) => docker.other([program ?? "", "-p", project, ...args], ports);

describe.skipIf(dockerHost === undefined || program === null || !seaweedfsInstalled())("docker-compose.yml", () => {
  beforeAll(async () => {
    ports = { FLAME_RESULT_PORT: String(await findFreePort()), KEYCLOAK_PORT: String(await findFreePort()) };
    await buildServiceImage(docker);
    await provideServerImages(docker);
    await compose("up", "-d", "--no-build");
  }, limitMs);
  afterAll(async () => {
    await compose("down", "-v", "--remove-orphans", "-t", "5");
  }, 60_000);

  /** As deploy/keycloak/README.md says. */
  async function tokenOf(analysis: number): Promise<{ authorization: string }> {
    const endpoint = "http://keycloak:8080/realms/flame/protocol/openid-connect/token";
    const id = `20000000-0000-4000-8000-00000000000${analysis}`;
    const client = ["--client-id", id, "--client-secret", `sandbox-secret-${analysis}`];
    const token = await compose("exec", "-T", "flame-result", "flame-result", "token", "--url", endpoint, ...client);
    return { authorization: `Bearer ${token}` };
  }

  test("starts everything in order, and a result of one analysis is found by another of its project", async () => {
    const url = `http://127.0.0.1:${ports.FLAME_RESULT_PORT}`;
    const body = formOf(["tag", "greeting"], ["file", new File(["Hello, FLAME\n"], "hello.txt")]);
    const stored = await fetch(`${url}/local`, { method: "PUT", headers: await tokenOf(1), body });
    expect(stored.status).toBe(200);
    const headers = await tokenOf(2);
    const listed = await fetch(`${url}/local/tags/greeting`, { headers });
    const { results } = (await listed.json()) as { results: { filename: string; url: string }[] };
    expect(results.map(({ filename }) => filename)).toEqual(["hello.txt"]);
    expect(await (await fetch(results[0]?.url ?? "", { headers })).text()).toBe("Hello, FLAME\n");
    const foreign = await fetch(results[0]?.url ?? "", { headers: await tokenOf(3) });
    expect(foreign.status).toBe(404);
  }, 60_000);

  test("is found in order by the service's own doctor", async () => {
    // Throws with all that it prints if anything is wrong.
    await compose("exec", "-T", "flame-result", "flame-result", "doctor");
  }, 60_000);

  test("may be brought up again, and keeps the key and the data", async () => {
    await compose("up", "-d", "--no-build");
    expect(await compose("logs", "--no-color", "key")).toContain("is there already and is kept");
    expect(await compose("exec", "-T", "flame-result", "flame-result", "healthcheck")).toBe("");
    const listed = await fetch(`http://127.0.0.1:${ports.FLAME_RESULT_PORT}/local/tags`, { headers: await tokenOf(1) });
    expect(((await listed.json()) as { tags: unknown[] }).tags).toHaveLength(1);
  }, 60_000);
});
