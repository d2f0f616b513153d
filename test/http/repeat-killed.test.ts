import { Database } from "bun:sqlite";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "bun:test";
import { join } from "node:path";
import { eventually } from "../support/eventually.ts";
import { formOf, startTestService, type TestService } from "../support/service.ts";
import { openKeys } from "./idempotency-rows.ts";

const limitMs = 20_000;

/** A process of its own on the data of a service that was shut down. */
async function startProcess(service: TestService) {
  const child = Bun.spawn([process.execPath, "src/main.ts", "serve"], {
    env: { PATH: process.env.PATH ?? "", ...service.environment },
    stdout: "pipe",
    stderr: "inherit",
  });
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const read = async () => {
    let text = "";
    const decoder = new TextDecoder();
    for await (const chunk of child.stdout) {
      text += decoder.decode(chunk, { stream: true });
      const line = text.split("\n").find((one) => one.includes("service.started"));
      if (line !== undefined) resolve(JSON.parse(line).url);
    }
    reject(new Error(`it ended before it listened: ${text}`));
  };
  void read();
  return {
    url: await promise,
    async kill() {
      child.kill("SIGKILL");
      await child.exited;
    },
  };
}

describe("a request with a key whose process is killed between its work and its answer", () => {
  let service: TestService;
  let running: Awaited<ReturnType<typeof startProcess>>;
  const faults: (() => void)[] = [];
  beforeAll(async () => {
    // Each process asks anew.
    service = await startTestService({ env: { HUB__CACHE_SECONDS: "0" } });
    await service.shutDown();
    running = await startProcess(service);
  }, limitMs);
  afterEach(() => {
    for (const lift of faults.splice(0)) lift();
  });
  afterAll(async () => {
    await running.kill();
    await service.stop();
  });

  async function put(path: string, key: string, ...parts: readonly (readonly [string, string | File])[]) {
    const headers = { authorization: `Bearer ${await service.token("1")}`, "idempotency-key": key };
    return fetch(`${running.url}${path}`, { method: "PUT", headers, body: formOf(...parts) });
  }
  async function objects() {
    const view = await openKeys(service);
    return view.objects().finally(view.close);
  }

  /** Lets nothing more be written from a moment on, kills the process when its work shows, and starts another one. */
  async function killBehind(path: RegExp, send: () => Promise<Response>, hasWorked: () => Promise<boolean>) {
    faults.push(service.hub.fail({ path }, { kind: "delay", ms: 1_000 }, 1));
    const asked = service.hub.requests.length;
    const lost = send().catch(() => undefined);
    await eventually(() => {
      expect(service.hub.requests.slice(asked).some((request) => path.test(request.path))).toBe(true);
    }, limitMs);
    const writer = new Database(join(service.dataDir ?? "", "catalog.sqlite"));
    writer.run("pragma busy_timeout = 5000");
    writer.run("begin immediate");
    await eventually(async () => expect(await hasWorked()).toBe(true), limitMs);
    await running.kill();
    await lost;
    writer.run("rollback");
    writer.close();
    running = await startProcess(service);
  }

  test.each([[[]], [[["tag", "once"]]]] as const)(
    "leaves one local object (%j)",
    async (fields) => {
      const before = await objects();
      const key = crypto.randomUUID();
      const send = () => put("/local", key, ...fields, ["file", new File(["content"], "a.csv")]);
      await killBehind(/\/analyses\//, send, async () => (await objects()).length > before.length);
      const again = await send();
      expect([again.status, again.headers.has("idempotency-replayed")]).toEqual([200, false]);
      const { object_id } = (await again.json()) as { object_id: string };
      const made = (await objects()).filter((name) => !before.includes(name));
      expect(made.map((name) => name.split("/").at(-1))).toEqual([object_id]);
      expect((await send()).headers.get("idempotency-replayed")).toBe("true");
    },
    60_000,
  );

  test("leaves one file at the Hub", async () => {
    const key = crypto.randomUUID();
    const ids = () => [...service.hub.state.files.keys()];
    const before = ids();
    const to = ["remote_node_id", service.peerNodeId] as const;
    const send = () => put("/intermediate", key, to, ["file", new File(["content"], "a.csv")]);
    await killBehind(/\/analysis-buckets/, send, async () => ids().length > before.length);
    const { object_id } = (await (await send()).json()) as { object_id: string };
    expect(ids().filter((id) => !before.includes(id))).toEqual([object_id]);
  }, 60_000);

  test.each(["/final", "/final/localdp"])(
    "leaves one file of %s in the result bucket",
    async (path) => {
      const key = crypto.randomUUID();
      const numbers = [
        ["epsilon", "1"],
        ["sensitivity", "1"],
      ] as const;
      const files = () => [...service.hub.state.files.values()].filter(({ name }) => name.startsWith(key));
      const send = () => put(path, key, ...numbers, ["file", new File(["100"], `${key}.txt`)]);
      await killBehind(/\/upload$/, send, async () => files().length > 0);
      const again = await send();
      expect([202, 204]).toContain(again.status);
      if (again.status === 202) {
        const { url } = (await again.json()) as { url: string };
        await eventually(async () => {
          const state = await fetch(url, { headers: { authorization: `Bearer ${await service.token("1")}` } });
          expect(await state.json()).toMatchObject({ status: "delivered" });
        }, limitMs);
      }
      expect(files().length).toBe(1);
    },
    60_000,
  );
});
