import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { formOf, startTestService, type TestService } from "../support/service.ts";

/**
 * The service against a real Hub, named by the settings HUB__*, PROXY__* and CRYPTO__* in the environment or in
 * `.env.test`. Both ways of signing in are tested when both are given: HUB__AUTH__ID and HUB__AUTH__SECRET (a client's, or
 * a robot's with HUB__AUTH__FLOW=robot), and HUB__AUTH__USERNAME and HUB__AUTH__PASSWORD. TEST__ANALYSIS_ID names an
 * analysis whose buckets may be written to; what is written there is removed again. TEST__REMOTE_NODE_ID names a node with
 * a key.
 *
 * `bun run test` leaves this file alone unless TEST__LIVE=1.
 */
const { env } = Bun;
const tokenFlow = env.HUB__AUTH__FLOW === "robot" ? "robot" : "client";
const flows = [
  { flow: tokenFlow, isGiven: Boolean(env.HUB__AUTH__ID && env.HUB__AUTH__SECRET) },
  { flow: "password", isGiven: Boolean(env.HUB__AUTH__USERNAME && env.HUB__AUTH__PASSWORD) },
];
const analysisId = env.TEST__ANALYSIS_ID ?? "";
const remoteNodeId = env.TEST__REMOTE_NODE_ID ?? "";
const limitMs = 60_000;

function hubSettings(flow: string): Record<string, string> {
  const given = Object.entries(env).filter(([name]) => /^(?:HUB|PROXY|CRYPTO|EXTRA_CA|CHUNK)_/.test(name));
  const defaults = Object.fromEntries(
    ["core", "storage", "auth"].map((name) => [
      `HUB__${name.toUpperCase()}_BASE_URL`,
      `https://${name}.privateaim.net`,
    ]),
  );
  const settings = { ...defaults, ...Object.fromEntries(given) };
  return { ...settings, HUB__AUTH__FLOW: flow, INTERMEDIATE__DELETE_AFTER_READ: "1" } as Record<string, string>;
}

test("a way to sign in to the Hub is given", () => {
  expect(flows.filter(({ isGiven }) => isGiven)).not.toEqual([]);
});

describe.each(flows)("signed in to the Hub by the flow $flow", ({ flow, isGiven }) => {
  describe.skipIf(!isGiven)("the service", () => {
    let service: TestService;
    beforeAll(async () => {
      service = await startTestService({ env: hubSettings(flow) });
    });
    afterAll(() => service?.stop());

    async function send(clientId: string, method: string, path: string, body?: FormData): Promise<Response> {
      const headers = { authorization: `Bearer ${await service.identity.token(clientId)}` };
      return fetch(`${service.url}${path}`, { method, headers, ...(body === undefined ? {} : { body }) });
    }

    test(
      "learns that an analysis does not exist",
      async () => {
        const id = crypto.randomUUID();
        const response = await send(id, "GET", "/local/tags");
        expect([response.status, await response.json()]).toEqual([404, { detail: `Analysis with ID ${id} not found` }]);
      },
      limitMs,
    );

    test(
      "learns that a project does not exist, and deletes what was its",
      async () => {
        const response = await send("hub-adapter", "DELETE", `/local?project_id=${crypto.randomUUID()}`);
        expect([response.status, await response.json()]).toEqual([200, null]);
      },
      limitMs,
    );

    test.skipIf(analysisId === "")(
      "stores a local result of an analysis",
      async () => {
        const stored = await send(analysisId, "PUT", "/local", formOf(["file", new File(["local"], "local.txt")]));
        expect(stored.status).toBe(200);
        const { object_id } = (await stored.json()) as { object_id: string };
        expect(await (await send(analysisId, "GET", `/local/${object_id}`)).text()).toBe("local");
      },
      limitMs,
    );

    test.skipIf(analysisId === "")(
      "sends an intermediate and reads it back",
      async () => {
        const body = formOf(["file", new File(["as it is"], "intermediate.txt")]);
        const sent = await send(analysisId, "PUT", "/intermediate", body);
        expect([sent.status, await sent.clone().text()]).toEqual([200, expect.any(String)]);
        const { object_id } = (await sent.json()) as { object_id: string };
        expect(await (await send(analysisId, "GET", `/intermediate/${object_id}`)).text()).toBe("as it is");
      },
      limitMs,
    );

    // Both directions derive the same key, so that the sender can read what it has sent.
    test.skipIf(analysisId === "" || remoteNodeId === "")(
      "encrypts an intermediate for another node",
      async () => {
        const body = formOf(["remote_node_id", remoteNodeId], ["file", new File(["sealed"], "sealed.txt")]);
        const sent = await send(analysisId, "PUT", "/intermediate", body);
        expect([sent.status, await sent.clone().text()]).toEqual([200, expect.any(String)]);
        const { object_id } = (await sent.json()) as { object_id: string };
        const path = `/intermediate/${object_id}?remote_node_id=${remoteNodeId}`;
        expect(await (await send(analysisId, "GET", path)).text()).toBe("sealed");
      },
      limitMs,
    );
  });
});
