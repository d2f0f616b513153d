import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { loadDocument, routesOf } from "../openapi/document.ts";
import { backends, formOf, isAvailable } from "../support/service.ts";
import { startTarget, type Target } from "./attack/target.ts";

/** What the Hub's query language, SQL, HTTP, shells or paths would take for more than a text. */
const hostileTexts = (known: string): readonly string[] => [
  `!${known}`,
  `~${known}`,
  `${known},${known}`,
  `${known},`,
  `<${known}`,
  `>${known}`,
  `<=${known}`,
  `${known}*`,
  `${known.slice(0, 8)}*`,
  "*",
  "~",
  "!",
  "%",
  "_",
  "null",
  "undefined",
  "true",
  "[object Object]",
  "__proto__",
  "constructor",
  `"${known}"`,
  `'${known}'`,
  `${known}' or '1'='1`,
  `${known}'; drop table result; --`,
  `${known}\\`,
  `${known}&filter[project_id]=*`,
  `${known}&include=client`,
  `${known}?filter[id]=x`,
  `${known}#`,
  `${known}/..`,
  `../projects/${known}`,
  `..%2fprojects%2f${known}`,
  `${known}%00`,
  `${known}\u0000`,
  `${known}\r\nX-Evil: 1`,
  `${known}\n`,
  ` ${known}`,
  `${known}\u200b`,
  "\u{1f525}".repeat(9),
  "\u202e",
  `\${jndi:ldap://127.0.0.2/x}`,
  "{{7*7}}",
  "$(reboot)",
  "`reboot`",
  "<script>alert(1)</script>",
  "a".repeat(3_000),
];

for (const backend of backends) {
  describe.skipIf(!isAvailable(backend))(`injection on ${backend} storage`, () => {
    let target: Target;
    let objectId: string;
    let hubFileId: string;
    let known: string;
    beforeAll(async () => {
      target = await startTarget({ backend, env: { SUBMISSIONS__WAIT_SECONDS: "1" } });
      known = target.world.analyses[0];
      objectId = await put("/local", [["tag", "a-b"]]);
      await put("/local", [["tag", "a1b"]]);
      hubFileId = await put("/intermediate", []);
    }, 60_000);
    afterAll(async () => {
      await target?.stop();
    }, 30_000);

    const fileForm = (...fields: readonly (readonly [string, string])[]) => {
      return formOf(...fields, ["file", new File(["118"], "x.txt")]);
    };
    async function put(path: string, fields: readonly (readonly [string, string])[]) {
      const response = await target.fetch("1", path, { method: "PUT", body: fileForm(...fields) });
      const { object_id }: { object_id: string } = JSON.parse(await response.text());
      return object_id;
    }
    /** What the Hub and the store were asked while it was done. */
    async function watched<T>(work: () => Promise<T>) {
      const [hub, store] = [target.world.hub.requests.length, target.storeTap?.requests.length ?? 0];
      const value = await work();
      const asked = target.world.hub.requests.slice(hub).map(({ method, path, query }) => `${method} ${path}${query}`);
      return { value, asked: [...asked, ...(target.storeTap?.requests.slice(store) ?? [])] };
    }

    /** Every operation with a proper request, and how it refuses a client that is no analysis. */
    const operations: Readonly<Record<string, () => readonly [string, RequestInit, number]>> = {
      putLocalResult: () => ["/local", { method: "PUT", body: fileForm(["tag", "t"]) }, 404],
      getLocalResult: () => [`/local/${objectId}`, {}, 404],
      getProjectTags: () => ["/local/tags", {}, 404],
      getLocalUsage: () => ["/local/usage", {}, 404],
      getPrivacyBudget: () => ["/final/budget", {}, 404],
      tagObject: () => [`/local/tags?tag_name=t&object_id=${objectId}`, { method: "POST" }, 404],
      getTaggedResults: () => ["/local/tags/a-b", {}, 404],
      deleteLocalResults: () => [`/local?project_id=${target.world.projects[1]}`, { method: "DELETE" }, 403],
      uploadLocalFile: () => {
        return [
          `/local/upload?object_id=${objectId}&remote_node_id=${target.world.peerNodeId}`,
          { method: "PUT" },
          404,
        ];
      },
      putIntermediateResult: () => {
        return ["/intermediate", { method: "PUT", body: fileForm(["remote_node_id", target.world.peerNodeId]) }, 404];
      },
      getIntermediateResult: () => [`/intermediate/${hubFileId}?remote_node_id=${target.world.peerNodeId}`, {}, 404],
      putFinalResult: () => ["/final", { method: "PUT", body: fileForm() }, 404],
      putFinalResultWithLocalDP: () => {
        return ["/final/localdp", { method: "PUT", body: fileForm(["epsilon", "1"], ["sensitivity", "1"]) }, 404];
      },
      getSubmission: () => [`/final/submissions/${objectId}`, {}, 404],
    };

    test("every route with a token is tried", () => {
      // Operators' routes are not there while no operator is configured.
      const secured = routesOf(loadDocument()).filter(
        ({ path, operation }) => (operation.security ?? []).length > 0 && !path.startsWith("/operator"),
      );
      expect(Object.keys(operations).sort()).toEqual(secured.map(({ operation }) => operation.operationId).sort());
    });

    test.each(Object.keys(operations))(
      "%s: a client id that is no id is refused, and the Hub is not asked",
      async (name) => {
        const texts = hostileTexts(known);
        for (const text of texts) {
          // jose would not sign what is no JSON text, so a lone surrogate cannot come this way.
          const token = await target.world.identity.token("", { claims: { client_id: text } });
          const { value, asked } = await watched(async () => {
            const [path, init, status] = operations[name]?.() ?? ["", {}, 0];
            const response = await target.fetch("1", path, { ...init, headers: { authorization: `Bearer ${token}` } });
            const { detail }: { detail: unknown } = JSON.parse(await response.text());
            return [
              response.status === status ? "refused" : response.status,
              typeof detail,
              [...response.headers.keys()],
            ];
          });
          const [outcome, kind, headers] = value;
          expect([text, outcome, kind]).toEqual([text, "refused", "string"]);
          expect(headers).not.toContain("x-evil");
          expect([text, asked]).toEqual([text, []]);
        }
      },
    );

    const place = {
      object: (text: string) => [`/local/${encodeURIComponent(text)}`, {}, 422],
      hubFile: (text: string) => [`/intermediate/${encodeURIComponent(text)}`, {}, 422],
      sender: (text: string) => [`/intermediate/${hubFileId}?remote_node_id=${encodeURIComponent(text)}`, {}, 422],
      olderSender: (text: string) => [`/intermediate/${hubFileId}?node_id=${encodeURIComponent(text)}`, {}, 422],
      submission: (text: string) => [`/final/submissions/${encodeURIComponent(text)}`, {}, 422],
      tagged: (text: string) => [
        `/local/tags?tag_name=t&object_id=${encodeURIComponent(text)}`,
        { method: "POST" },
        422,
      ],
      sentObject: (text: string) => {
        const query = `object_id=${encodeURIComponent(text)}&remote_node_id=${target.world.peerNodeId}`;
        return [`/local/upload?${query}`, { method: "PUT" }, 422];
      },
      receiver: (text: string) => {
        const query = `object_id=${objectId}&remote_node_id=${encodeURIComponent(text)}`;
        return [`/local/upload?${query}`, { method: "PUT" }, 422];
      },
      formReceiver: (text: string) => {
        return ["/intermediate", { method: "PUT", body: fileForm(["remote_node_id", text]) }, 422];
      },
    } satisfies Record<string, (text: string) => [string, RequestInit, number]>;

    test.each(Object.keys(place))("%s: a text that is no id is refused, and nobody is asked about it", async (name) => {
      for (const text of hostileTexts(known)) {
        const [path, init, status] = place[name as keyof typeof place](text) as [string, RequestInit, number];
        const { value: answered, asked } = await watched(async () => (await target.fetch("1", path, init)).status);
        // Where a sender is named, old clients mean what stands before a `?`.
        const isCut = text.includes("?") && /sender/i.test(name);
        if (isCut) expect([text, answered]).toEqual([text, 404]);
        else expect([text, answered, asked]).toEqual([text, status, []]);
      }
    });

    test("a project id that is none is refused before the Hub is asked", async () => {
      for (const text of hostileTexts(target.world.projects[0])) {
        const path = `/local?project_id=${encodeURIComponent(text)}`;
        const { value, asked } = await watched(
          async () => (await target.fetch("adapter", path, { method: "DELETE" })).status,
        );
        expect([text, value, asked]).toEqual([text, 422, []]);
      }
      expect((await target.fetch("1", `/local/${objectId}`)).status).toBe(200);
    });

    test("a tag name is taken literally: no wildcard, no quote, no second statement", async () => {
      const named = [
        "a_b",
        "a%",
        "%",
        "_",
        "___",
        "a%b",
        "A-B",
        "a-b'",
        "a-b' or '1'='1",
        "a-b'--",
        "a-b\\",
        "a-b\u0000",
        "a-b ",
      ];
      for (const text of [...named, ...hostileTexts("a-b")]) {
        const name = encodeURIComponent(text);
        const listed = await target.fetch("1", `/local/tags/${name}`);
        expect([text, listed.status, await listed.json()]).toEqual([text, 200, { results: [] }]);
        if (/^[a-z0-9-]{1,32}$/.test(text)) continue;
        const tagged = await target.fetch("1", `/local/tags?tag_name=${name}&object_id=${objectId}`, {
          method: "POST",
        });
        expect([text, tagged.status]).toEqual([text, 400]);
        const stored = await target.fetch("1", "/local", { method: "PUT", body: fileForm(["tag", text]) });
        expect([text, stored.status]).toEqual([text, 400]);
      }
      const { tags }: { tags: { name: string }[] } = JSON.parse(await (await target.fetch("1", "/local/tags")).text());
      expect(tags.map(({ name }) => name)).toEqual(["a-b", "a1b"]);
    });

    test("the log is one JSON line per event through all of it", () => {
      const lines = target.logLines();
      expect(lines.length).toBeGreaterThan(500);
      expect(
        lines.filter(({ event }) => event === "X-Evil" || event === "http.crashed" || event === "process.unhandled"),
      ).toEqual([]);
      expect(lines.filter(({ event, status }) => event === "http.request" && Number(status) >= 500)).toEqual([]);
    });
  });
}
