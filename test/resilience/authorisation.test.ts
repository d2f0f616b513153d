import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { loadDocument, routesOf } from "../openapi/document.ts";
import { eventually } from "../support/eventually.ts";
import { backends, isAvailable } from "../support/service.ts";
import { type Cell, rules } from "./attack/rules.ts";
import { type Actor, actors, findResults, settle, type Thing } from "./attack/seeded-data.ts";
import { detours, meaning, meaningless } from "./attack/spellings.ts";
import { startTarget, type Target } from "./attack/target.ts";

/** Those of operators are not there as long as there is none; who may use them then is another suite's. */
const routes = routesOf(loadDocument()).filter(({ path }) => !path.startsWith("/operator"));
const secured = routes.filter(({ operation }) => (operation.security ?? []).length > 0);

for (const backend of backends) {
  describe.skipIf(!isAvailable(backend))(`who may do what, on ${backend} storage`, () => {
    let target: Target;
    let things: readonly Thing[];
    beforeAll(async () => {
      target = await startTarget({
        backend,
        env: { SUBMISSIONS__WAIT_SECONDS: "1", SUBMISSIONS__RETRY_MAX_SECONDS: "1" },
      });
      const made = await settle(target);
      await eventually(async () => expect(await findResults(target)).toHaveLength(3), 30_000);
      things = [...made, ...(await findResults(target))];
    }, 90_000);
    afterAll(async () => {
      await target?.stop();
    }, 30_000);

    test("every route has its rule, and every rule its route", () => {
      expect(Object.keys(rules).sort()).toEqual(routes.map(({ operation }) => operation.operationId).sort());
    });

    test("every route but the probes refuses who has no token, or a wrong one, without a look at the rest", async () => {
      const open = routes.filter((route) => !secured.includes(route)).map(({ path }) => path);
      expect(open.sort()).toEqual(["/", "/healthz", "/readyz"]);
      const before = target.world.hub.requests.length;
      for (const { method, path } of secured) {
        const filled = path.replace(/\{\w+\}/g, things[0]?.id ?? "");
        for (const [authorization, status] of [
          ["", 401],
          ["Basic YTpi", 401],
          ["Bearer x.y.z", 403],
          [`Bearer ${await target.world.identity.token("", { claims: { client_id: "" } })}`, 403],
        ] as const) {
          const headers = authorization === "" ? {} : { authorization };
          const response = await fetch(`${target.url}${filled}`, { method, headers });
          expect([method, path, authorization, response.status]).toEqual([method, path, authorization, status]);
        }
      }
      expect(target.world.hub.requests.length).toBe(before);
    });

    test("every client gets from every route, for every id, what is its own and nothing else", async () => {
      const cells = Object.entries(rules).flatMap(([operation, rule]) =>
        actors.flatMap((actor) => rule({ actor, things }).map((cell) => ({ operation, actor, cell }))),
      );
      const wrong: string[] = [];
      const refusals = new Map<string, Set<string>>();
      const queue = cells.values();
      const work = async () => {
        for (const { operation, actor, cell } of queue) {
          const { problem, said } = await judge(target, actor, cell, things);
          if (problem !== undefined) wrong.push(`${operation} as ${actor}: ${problem}`);
          if (said === undefined) continue;
          const key = `${operation} ${actor} ${cell.init?.method} ${cell.path.replaceAll(cell.id ?? "", "ID")}`;
          refusals.set(key, (refusals.get(key) ?? new Set()).add(said));
        }
      };
      await Promise.all(Array.from({ length: 8 }, work));
      expect(wrong).toEqual([]);
      console.log(`${cells.length} cells of the authorisation matrix, ${backend}`);
      expect(cells.length).toBeGreaterThan(800);
      // Whether an id is another's or nobody's cannot be told from the answer.
      expect([...refusals.values()].filter((words) => words.size > 1)).toEqual([]);
    }, 120_000);

    test("metrics and readiness, which are open to all, name nobody and nothing", async () => {
      for (const path of ["/metrics", "/readyz", "/healthz", "/openapi.json"]) {
        const text = await (await fetch(`${target.url}${path}`)).text();
        // Examples of the API reference are ids of the seed.
        const secret = things.filter(({ content, kind }) => content !== undefined || kind === "submission");
        expect(secret.filter(({ id }) => text.includes(id))).toEqual([]);
      }
    });

    test("what the Hub Adapter removes is one project's, and the others' stays", async () => {
      const [, gone] = target.world.projects;
      await target.world.hub.removeProject(gone);
      const removed = await target.fetch("adapter", `/local?project_id=${gone}`, { method: "DELETE" });
      expect([removed.status, await removed.json()]).toEqual([200, null]);
      for (const { kind, owner, id, content } of things) {
        if (kind !== "local" || owner === undefined) continue;
        const read = await target.fetch(owner, `/local/${id}`);
        if (owner === "3") expect(read.status).toBe(404);
        else expect([read.status, await read.text()]).toEqual([200, content ?? ""]);
      }
    });
  });
}

/** Sends the request; gives what is wrong with the answer, and what a refusal says of the id. */
async function judge(target: Target, actor: Actor, cell: Cell, things: readonly Thing[]) {
  const { path, init, status, body, id } = cell;
  const response = await target.fetch(actor, path, init);
  const text = await response.text();
  const allowed = typeof status === "number" ? [status] : status;
  const told = `${init?.method ?? "GET"} ${path}: ${response.status} ${text.slice(0, 200)}`;
  const isWrong = !allowed.includes(response.status) || (body !== undefined && text !== body);
  const leaks = text !== body && things.some(({ content }) => content !== undefined && text.includes(content));
  const said = response.status === 404 && id !== undefined && !isWrong ? text.replaceAll(id, "ID") : undefined;
  return { problem: isWrong || leaks ? told : undefined, said };
}

describe.skipIf(!isAvailable("servers"))("an id in whatever spelling", () => {
  let target: Target;
  let things: readonly Thing[];
  beforeAll(async () => {
    target = await startTarget({
      backend: "servers",
      env: { SUBMISSIONS__WAIT_SECONDS: "1", SUBMISSIONS__RETRY_MAX_SECONDS: "1" },
    });
    things = await settle(target);
    // Until the finals are delivered, and their files removed: the store is to be asked for by the tests alone.
    const removals = () => target.storeTap?.requests.filter((line) => /^DELETE .*\/submissions\//.test(line)) ?? [];
    await eventually(() => expect(removals().length).toBeGreaterThanOrEqual(3), 30_000);
  }, 90_000);
  afterAll(async () => {
    await target?.stop();
  }, 30_000);

  const idOf = (kind: Thing["kind"], owner: string) =>
    things.find((thing) => thing.kind === kind && thing.owner === owner)?.id ?? "";
  /** Where ids stand in paths and queries, and what the analysis 1 gets for its own. */
  const places = [
    ["local", "GET", (id: string) => `/local/${id}`, 200],
    ["local", "HEAD", (id: string) => `/local/${id}`, 200],
    ["intermediate", "GET", (id: string) => `/intermediate/${id}`, 200],
    ["submission", "GET", (id: string) => `/final/submissions/${id}`, 200],
    ["local", "POST", (id: string) => `/local/tags?tag_name=spelt&object_id=${id}`, 200],
  ] as const;

  async function ask(method: string, path: string) {
    const before = target.storeTap?.requests.length ?? 0;
    const head = `Host: x\r\nAuthorization: Bearer ${await target.world.token("1")}\r\nConnection: close\r\n`;
    const answer = await target.raw(`${method} ${path} HTTP/1.1\r\n${head}\r\n`);
    return { ...answer, told: `${method} ${path}`, stored: target.storeTap?.requests.slice(before) ?? [] };
  }
  /** The keys that the store was asked for, but for the one that the id means. */
  function astray(stored: readonly string[], id: string) {
    const key = `/${target.world.bucket?.bucket}/local/${target.world.projects[0]}/${id}`;
    return stored.filter((line) => !/^(GET|HEAD) /.test(line) || line.split(" ")[1] !== key);
  }

  test.each(places)(
    "of a %s means itself or nothing: %s %p",
    async (kind, method, pathOf, expected) => {
      for (const [owner, status] of [
        ["1", expected],
        ["3", 404],
      ] as const) {
        const id = idOf(kind, owner);
        const inPath = !pathOf("").includes("?");
        for (const text of meaning(id)) {
          const answer = await ask(method, pathOf(text));
          expect([answer.told, answer.status]).toEqual([answer.told, status]);
          expect(astray(answer.stored, id)).toEqual([]);
        }
        for (const text of inPath ? detours(id) : []) {
          const answer = await ask(method, pathOf(text));
          // A path with dot segments or a fragment is no route, wherever it leads.
          const isRoute = !/^(?:\.|%2e|tags)|#/i.test(text);
          expect([answer.told, answer.status]).toEqual([answer.told, isRoute ? status : 404]);
          expect(astray(answer.stored, id)).toEqual([]);
        }
        for (const text of meaningless(id, idOf(kind, owner === "1" ? "3" : "1"))) {
          const answer = await ask(method, pathOf(text));
          expect([answer.told, [404, 422].includes(answer.status), answer.status]).toEqual([
            answer.told,
            true,
            answer.status,
          ]);
          expect([answer.told, answer.stored]).toEqual([answer.told, []]);
          expect(answer.headers.map(([name]) => name)).not.toContain("x-evil");
        }
      }
    },
    30_000,
  );

  test("leads nowhere else from a path that climbs", async () => {
    const [own, others] = [idOf("local", "1"), idOf("local", "3")];
    const [project1, project2] = target.world.projects;
    for (const path of [
      `/local/${own}/../${others}`,
      `/local/${own}/%2e%2e/${others}`,
      `/local/../local/${project2}/${others}`,
      `/local/${project2}/${others}`,
      `/local/..%2f${project2}%2f${others}`,
      `/local/${project1}%2f..%2f${project2}%2f${others}`,
      `/local\\${others}`,
      `//local/${others}`,
      `/./local//${others}`,
      `/local/${others}/..;/`,
      `/../../../../etc/passwd`,
      `/local/%2e%2e/%2e%2e/%2e%2e/etc/passwd`,
      `/local/....//....//etc/passwd`,
      `/%2e%2e%2f%2e%2e%2fetc%2fpasswd`,
      `/docs/%2e%2e%2f%2e%2e%2fpackage.json`,
      `/docs/..%5c..%5cpackage.json`,
      `/local?project_id=${project2}`,
    ]) {
      const answer = await ask("GET", path);
      expect([path, [400, 404, 405, 422].includes(answer.status), answer.status]).toEqual([path, true, answer.status]);
      expect(answer.stored.filter((line) => !line.includes(`/local/${project1}/`))).toEqual([]);
    }
  });

  test("given twice is no way around: the one that counts is the one that is judged", async () => {
    const [own, others] = [idOf("local", "1"), idOf("local", "3")];
    for (const query of [`object_id=${own}&object_id=${others}`, `object_id=${others}&object_id=${own}`]) {
      const answer = await ask("POST", `/local/tags?tag_name=twice&${query}`);
      expect([200, 404, 422]).toContain(answer.status);
      expect(answer.body).not.toContain(`/local/${others}`);
      expect(
        astray(answer.stored, own).filter((line) => !line.includes(`/local/${target.world.projects[0]}/`)),
      ).toEqual([]);
    }
  });

  test("of a project removes that project or nothing", async () => {
    const [, project] = target.world.projects;
    const remove = async (text: string) => {
      const head = `Host: x\r\nAuthorization: Bearer ${await target.world.token("adapter")}\r\nConnection: close\r\n`;
      return target.raw(`DELETE /local?project_id=${text} HTTP/1.1\r\n${head}\r\n`);
    };
    for (const text of meaningless(project, target.world.projects[0])) {
      expect([text, (await remove(text)).status]).toEqual([text, 422]);
    }
    for (const text of meaning(project)) expect([text, (await remove(text)).status]).toEqual([text, 400]);
    await target.world.hub.removeProject(project);
    const before = target.storeTap?.requests.length ?? 0;
    for (const text of meaning(project)) expect([text, (await remove(text)).status]).toEqual([text, 200]);
    const deletions = (target.storeTap?.requests ?? []).slice(before).filter((line) => !line.startsWith("POST "));
    // Its finals go with it, which lie under their own ids.
    const finals = things.filter(({ kind, owner }) => kind === "submission" && owner === "3").map(({ id }) => id);
    const own = [`local%2F${project}%2F`, `local/${project}/`, ...finals.map((id) => `submissions/${id}`)];
    expect(deletions.filter((line) => !own.some((name) => line.includes(name)))).toEqual([]);
    for (const { kind, owner, id } of things) {
      if (kind !== "local" || owner === undefined) continue;
      expect((await target.fetch(owner, `/local/${id}`)).status).toBe(owner === "3" ? 404 : 200);
    }
  }, 30_000);
});
