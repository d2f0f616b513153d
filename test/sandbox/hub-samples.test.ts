import { describe, expect, test } from "bun:test";
import type { HubGeneration } from "../../src/sandbox/hub/hub.ts";
import recorded2025 from "../fixtures/hub-samples/v0.8.21.json";
import recorded2026 from "../fixtures/hub-samples/v0.14.0.json";
import { type ServedHub, serveHub, textField } from "./serve-hub.ts";

interface Sample {
  readonly title: string;
  readonly request: {
    readonly method: string;
    readonly url: string;
    readonly authorized?: boolean | undefined;
    readonly content_type?: string | null | undefined;
    readonly body?: unknown;
  };
  readonly response: {
    readonly status: number | null;
    readonly headers?: Readonly<Record<string, string | undefined>>;
    readonly body: unknown;
  };
}

/** Samples that cannot be replayed, and why. */
const SKIPPED: Readonly<Record<string, readonly string[]>> = {
  // The Hub never answered and the request's body is not in the record; hub-storage.test.ts holds the stand-in to the same.
  "2025": ["upload a part without a file name"],
  "2026": [],
};

const COMPARED_HEADERS = ["content-type", "content-encoding", "content-disposition"];
const UUID = /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/g;

describe.each<[HubGeneration, readonly Sample[]]>([
  ["2025", recorded2025.samples],
  ["2026", recorded2026.samples],
])("a %s Hub", (generation, samples) => {
  test("the stand-in answers every recorded request like the real one", async () => {
    await using served = serveHub(generation);
    const replay = await createReplay(served, samples);
    const skipped: string[] = [];
    for (const sample of samples) {
      if (SKIPPED[generation]?.includes(sample.title)) {
        skipped.push(sample.title);
        continue;
      }
      const { status, headers, body } = await replay(sample);
      const wanted = sample.response;
      expect({ title: sample.title, status }).toEqual({ title: sample.title, status: wanted.status ?? 0 });
      for (const name of COMPARED_HEADERS) {
        expect({ title: sample.title, [name]: headers.get(name) ?? undefined }).toEqual({
          title: sample.title,
          [name]: wanted.headers?.[name],
        });
      }
      const compare = status >= 400 || typeof wanted.body === "string" ? (value: unknown) => value : shapeOf;
      expect({ title: sample.title, body: compare(body) }).toEqual({ title: sample.title, body: compare(wanted.body) });
    }
    expect(skipped).toEqual([...(SKIPPED[generation] ?? [])]);
  });
});

/** Sends recorded requests in their order, with the stand-in's ids and secrets in place of the recorded ones. */
async function createReplay(served: ServedHub, samples: readonly Sample[]) {
  const ids = new Map<string, string>();
  for (const sample of samples) learnSeedIds(ids, sample, served);
  const tokenA = await served.signIn(served.nodeA);
  const tokenB = await served.signIn(served.nodeB);
  let refreshToken: string | undefined;

  function translate(text: string): string {
    return text.replace(UUID, (id) => ids.get(id) ?? id);
  }

  return async (sample: Sample) => {
    const { method, url, authorized, content_type } = sample.request;
    const token = sample.title.includes("damaged") ? `${tokenA}x` : sample.title.includes("another") ? tokenB : tokenA;
    const raw = withSecrets(sample, served, refreshToken);
    const body = raw === null || raw === undefined ? undefined : typeof raw === "string" ? raw : JSON.stringify(raw);
    const response = await served.call(
      translate(url).replace(/[{}]/g, "").replace(/^/, "/"),
      authorized ? token : undefined,
      {
        method,
        ...(content_type === null || content_type === undefined ? {} : { headers: { "Content-Type": content_type } }),
        ...(body === undefined ? {} : { body: translate(body) }),
      },
    );
    const text = await response.text();
    const answer: unknown = response.headers.get("content-type")?.includes("json") ? JSON.parse(text) : text;
    learnIds(ids, sample.response.body, answer);
    if (sample.title === "token: password") refreshToken = textField(answer, "refresh_token");
    return { status: response.status, headers: response.headers, body: answer };
  };
}

/** The recorded ids of what the seed has made. */
function learnSeedIds(ids: Map<string, string>, sample: Sample, { seed, nodeA, nodeB }: ServedHub): void {
  const seeded: Readonly<Record<string, string | undefined>> = {
    analysis: seed.analyses[0]?.id,
    project: seed.projects[0]?.id,
    node: nodeB.id,
    "token: client credentials": nodeA.clientId,
    "token: robot credentials": nodeA.robotId,
  };
  const id = seeded[sample.title];
  const where = sample.request.url + JSON.stringify(sample.request.body ?? null);
  const recorded = where.match(UUID)?.[0];
  if (id !== undefined && recorded !== undefined) ids.set(recorded, id);
}

/** Ids found in the same place of both answers stand for each other; the first to come wins. */
function learnIds(ids: Map<string, string>, recorded: unknown, actual: unknown): void {
  if (typeof recorded === "string" && typeof actual === "string") {
    if (recorded.length === 36 && recorded.match(UUID) && !ids.has(recorded)) ids.set(recorded, actual);
    return;
  }
  if (!isObject(recorded) || !isObject(actual)) return;
  for (const [key, value] of Object.entries(recorded)) learnIds(ids, value, actual[key]);
}

function withSecrets(
  { title, request }: Sample,
  { seed, nodeA }: ServedHub,
  refreshToken: string | undefined,
): unknown {
  if (!isObject(request.body)) return request.body;
  const right: Readonly<Record<string, unknown>> = {
    username: seed.user.username,
    password: seed.user.password,
    secret: nodeA.robotSecret,
    client_secret: nodeA.clientSecret,
    refresh_token: refreshToken,
  };
  const fields = Object.entries(request.body).map(([key, value]) => {
    const wrong = value === "<secret>" && title.includes("wrong");
    return [key, wrong ? "wrong" : (right[key] ?? value)];
  });
  return Object.fromEntries(fields);
}

/** Keys and types, all the way down; a list is the set of its elements' shapes. */
function shapeOf(value: unknown): unknown {
  if (value === null) return "null";
  if (Array.isArray(value))
    return [...new Map(value.map((item) => [JSON.stringify(shapeOf(item)), shapeOf(item)])).values()];
  if (!isObject(value)) return typeof value;
  const entries = Object.entries(value).map(([key, inner]): [string, unknown] => [key, shapeOf(inner)]);
  return Object.fromEntries(entries.sort(([a], [b]) => a.localeCompare(b)));
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null;
}
