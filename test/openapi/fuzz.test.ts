import { heapStats } from "bun:jsc";
import { Database } from "bun:sqlite";
import { expect, test } from "bun:test";
import { join } from "node:path";
import fc from "fast-check";
import { asOperators, formOf, startTestService, type TestService } from "../support/service.ts";
import { loadDocument, routesOf } from "./document.ts";
import { contentOf, createPossessions, type Possessions } from "./possessions.ts";
import { type PlannedBody, type PlannedRequest, plannedRequests } from "./requests.ts";

const rounds = 340;
const requestsPerRound = 10;
const warmUpRounds = 120;
const document = loadDocument();

test("whatever is sent, no answer is undeclared, a failure of the service, or another project's", async () => {
  const service = await startTestService({
    env: { ...asOperators, SUBMISSIONS__WAIT_SECONDS: "1", RECORD__ENABLED: "1" },
  });
  const possessions = createPossessions(service);
  await leaveFinals(service, possessions);
  const [minLength, maxLength] = [requestsPerRound, requestsPerRound];
  let round = 0;
  let warm = measure(service);
  const law = fc.asyncProperty(fc.array(plannedRequests(document), { minLength, maxLength }), async (requests) => {
    await Promise.all(requests.map((request) => send(service, possessions, request)));
    round += 1;
    if (round === warmUpRounds) warm = measure(service);
  });
  const limits = { interruptAfterTimeLimit: 200_000, markInterruptAsFailure: true };
  await fc.assert(law, { seed: 20_260_131, numRuns: rounds, ...limits });

  const after = measure(service);
  for (const [type, count] of Object.entries(after.counts)) {
    const grown = count - (warm.counts[type] ?? 0);
    expect(grown > 200 ? `${grown} more of ${type}` : "").toBe("");
  }
  expect((after.heapBytes - warm.heapBytes) / (1024 * 1024)).toBeLessThan(10);
  const reached = (operationId: string) =>
    [...service.answered].some((answer) => answer.startsWith(`${operationId} 2`));
  // A link, a sign-in and a key are not to be guessed, nor what nobody has decided yet.
  const known = routesOf(document)
    .map(({ operation }) => operation.operationId)
    .filter((id) => !/^(?:open|trust|approve|decline|decide)|SignIn$/.test(id));
  expect(known.filter((id) => !reached(id))).toEqual([]);
  await service.stop();
}, 240_000);

/** So that there are submissions to be looked up, and some that an operator can still retry or drop. */
async function leaveFinals(service: TestService, possessions: Possessions) {
  const lift = service.hub.fail({ path: /\/upload$/ }, { kind: "status", status: 503 });
  const ids = await Promise.all(
    (["1", "2", "3"] as const).flatMap((client) =>
      Array.from({ length: client === "1" ? 40 : 10 }, async () => {
        const body = formOf(["file", new File([contentOf(client)], "x")]);
        const response = await service.fetch(client, "/final", { method: "PUT", body });
        const answer = (await response.json()) as { submission_id: string };
        possessions.remember("/final", client, answer);
        return answer.submission_id;
      }),
    ),
  );
  const database = new Database(join(service.dataDir ?? "", "catalog.sqlite"));
  for (const id of ids.filter((_, index) => index % 2 === 0)) {
    database.run("update submission set state = 'rejected', lease_until = null, lease_holder = null where id = ?", [
      id,
    ]);
  }
  // What the first analysis left is held for operators, but for some of it.
  database.run(
    "update submission set state = 'held', lease_until = null, lease_holder = null where sequence % 5 > 0 and analysis_id = ?",
    [service.analyses[0]],
  );
  database.close();
  lift();
}

async function send(service: TestService, possessions: Possessions, request: PlannedRequest): Promise<void> {
  const { as, method } = request;
  const { headers: typeHeader, ...content } = contentFor(request.body, as, possessions);
  const path = possessions.resolve(request.path, as);
  const init = { ...content, method, headers: { ...request.headers, ...typeHeader } };
  const badToken = { authorization: "Bearer x.y.z" };
  const response =
    as === "no token"
      ? await fetch(`${service.url}${path}`, init)
      : await service.fetch(as === "bad token" ? "1" : as, path, {
          ...init,
          headers: { ...init.headers, ...(as === "bad token" ? badToken : {}) },
        });
  const text = await response.text();
  const exchange = `${method} ${path} as ${as} answered ${response.status}: ${text}`;
  // What is not declared has become 599.
  if (response.status >= 500) throw new Error(exchange);
  if (!response.ok || text === "") return;
  if (method === "PUT") possessions.remember(path, as, JSON.parse(text));
  else if (method === "GET" && !possessions.mayRead(path, as, text)) throw new Error(exchange);
}

function contentFor(body: PlannedBody | undefined, client: string, { resolve }: Possessions): RequestInit {
  if (body === undefined) return { headers: {} };
  if (body.kind === "raw") return { body: resolve(body.text, client), headers: { "content-type": body.contentType } };
  const form = new FormData();
  for (const { name, filename, content } of body.parts) {
    const text = content === "known content" ? contentOf(client) : resolve(content, client);
    if (filename === undefined) form.append(name, text);
    else form.append(name, new File([text], filename), filename);
  }
  return { body: form, headers: {} };
}

/** What the process holds on to, without what the stand-in Hub has recorded. */
function measure(service: TestService) {
  service.hub.requests.length = 0;
  Bun.gc(true);
  const { objectTypeCounts, heapSize } = heapStats();
  const types = ["Request", "Response", "ReadableStream", "AbortSignal", "Headers", "FormData", "Promise", "Timeout"];
  return { heapBytes: heapSize, counts: Object.fromEntries(types.map((type) => [type, objectTypeCounts[type] ?? 0])) };
}
