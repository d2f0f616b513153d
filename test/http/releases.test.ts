import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { type Content, type Gate, gateEnv, hashOf, openGate } from "../release/gate.ts";
import { eventually } from "../support/eventually.ts";
import { backends, formOf, isAvailable, startTestService, type TestService } from "../support/service.ts";
import { countObjects } from "../support/storage-check.ts";

const unknownId = "5e0f7a52-7e43-4a6c-8b0b-0d6f2f1c9a77";

for (const backend of backends) {
  describe.skipIf(!isAvailable(backend))(`the release gate on ${backend} storage`, () => {
    let service: TestService;
    let gate: Gate;
    beforeAll(async () => {
      service = await startTestService({ backend, env: { ...gateEnv, RELEASE__SMALL_COUNT: "5" } });
      gate = openGate(service);
    });
    afterAll(() => service.stop());

    const delivered = (id: string) =>
      eventually(async () => expect(await gate.statusOf(id)).toMatchObject({ status: "delivered" }), 15_000);
    const contents = async () => {
      const { bucketId } = service.hub.bucketOf(service.analyses[0], "RESULT");
      const files = service.hub.filesOf(bucketId ?? "");
      return Promise.all(files.map(async ({ id }) => new TextDecoder().decode(await service.hub.readFile(id))));
    };

    const sizes = async () => [await countObjects(service), gate.aboutFiles().length] as const;

    test("a final is held at once, and the Hub hears nothing of it before it is approved", async () => {
      const before = gate.aboutFiles().length;
      const id = await gate.submit("group,n\na,12\n", "unseen.csv");
      expect(await gate.statusOf(id)).toMatchObject({ status: "held", attempts: 0, last_error: null });
      expect(gate.aboutFiles().length).toBe(before);
      expect(service.hub.requests.some(({ path, query }) => `${path}${query}`.includes("unseen"))).toBe(false);
      const answer = await gate.decide(id, "approve", { reason: "aggregates only" });
      expect(answer.status).toBe(200);
      expect(await answer.json()).toMatchObject({ submission_id: id, decision: "approved" });
      await delivered(id);
      expect(await contents()).toContain("group,n\na,12\n");
    }, 30_000);

    test("a number with noise is held as well", async () => {
      const file = new File(["118"], "number.txt");
      const body = formOf(["epsilon", "1"], ["sensitivity", "1"], ["file", file]);
      const answer = await service.fetch("2", "/final/localdp", { method: "PUT", body });
      expect(answer.status).toBe(202);
      const { submission_id: id } = (await answer.json()) as { submission_id: string };
      expect(await gate.statusOf(id, "2")).toMatchObject({ status: "held" });
      expect(await gate.details(id)).toMatchObject({ kind: "number", preview: { type: "text" } });
    });

    test("a declined one never reaches the Hub, its file is gone, and the analyst is told why", async () => {
      const before = await sizes();
      const id = await gate.submit("declined");
      expect((await gate.decide(id, "decline")).status).toBe(422);
      expect((await gate.decide(id, "decline", { reason: " " })).status).toBe(422);
      expect((await gate.decide(id, "decline", { reason: "three patients" })).status).toBe(200);
      expect(await gate.statusOf(id)).toMatchObject({
        status: "rejected",
        last_error: "Declined by the node: three patients",
      });
      expect(await sizes()).toEqual(before);
      const again = await gate.ask("POST", `/${id}/approve`, { sha256: hashOf("declined") }, "bob");
      expect(again.status).toBe(409);
      expect(await again.json()).toEqual({
        detail: expect.stringMatching(new RegExp(`^Submission ${id} was already declined by ada at 20[^ ]+Z\\.$`)),
      });
    });

    test("what was declined or is held cannot be sent by trying it again", async () => {
      const [held, declined] = [await gate.submit("held on"), await gate.submit("declined once")];
      await gate.decide(declined, "decline", { reason: "no" });
      const token = { preferred_username: "ada", realm_access: { roles: ["reviewer"] } };
      const authorization = `Bearer ${await service.identity.token("console", { claims: token })}`;
      for (const id of [held, declined]) {
        const path = `${service.url}/operator/submissions/${id}/retry`;
        expect((await fetch(path, { method: "POST", headers: { authorization } })).status).toBe(409);
      }
      expect(await gate.statusOf(held)).toMatchObject({ status: "held" });
      expect(await gate.statusOf(declined)).toMatchObject({ status: "rejected" });
    });

    test("one approves bytes: another hash is refused, and nothing is decided", async () => {
      const id = await gate.submit("these bytes");
      const answer = await gate.decide(id, "approve", { sha256: hashOf("other bytes") });
      expect(answer.status).toBe(412);
      expect(await answer.json()).toEqual({ detail: "The file is not the one you looked at." });
      expect(await gate.statusOf(id)).toMatchObject({ status: "held" });
      expect((await gate.decide(id, "approve", { sha256: hashOf("these bytes").toUpperCase() })).status).toBe(200);
    });

    test("of reviewers who decide at the same time one decides, and the others are told who was first", async () => {
      const id = await gate.submit("contested");
      const sha256 = hashOf("contested");
      const names = ["ada", "bob", "cy", "di"];
      const answers = await Promise.all(names.map((name) => gate.decide(id, "approve", { sha256 }, name)));
      const first = names[answers.findIndex(({ status }) => status === 200)];
      expect(answers.map(({ status }) => status).sort()).toEqual([200, 409, 409, 409]);
      for (const answer of answers.filter(({ status }) => status === 409)) {
        expect(await answer.json()).toEqual({
          detail: expect.stringContaining(`Submission ${id} was already approved by ${first} at 20`),
        });
      }
      await delivered(id);
      expect((await contents()).filter((text) => text === "contested")).toHaveLength(1);
    }, 30_000);

    test("a list of decisions is taken whole or not at all", async () => {
      const [one, two] = [await gate.submit("one"), await gate.submit("two")];
      const decide = (sha256: string) =>
        gate.ask("POST", "/decisions", {
          decisions: [
            { submission_id: one, decision: "decline", sha256: hashOf("one"), reason: "no" },
            { submission_id: two, decision: "approve", sha256 },
          ],
        });
      expect((await decide(hashOf("2"))).status).toBe(412);
      expect([(await gate.statusOf(one)).status, (await gate.statusOf(two)).status]).toEqual(["held", "held"]);
      const answer = await decide(hashOf("two"));
      expect(answer.status).toBe(200);
      const { items } = (await answer.json()) as { items: { submission_id: string; decision: string }[] };
      expect(items.map(({ submission_id: id, decision }) => [id, decision])).toEqual([
        [one, "declined"],
        [two, "approved"],
      ]);
      await delivered(two);
    }, 30_000);

    test("held ones keep nothing back, and approved ones go in the order they came in", async () => {
      const ids = [await gate.submit("A"), await gate.submit("B"), await gate.submit("C")];
      const [a = "", b = "", c = ""] = ids;
      await gate.decide(b, "approve");
      await delivered(b);
      expect(await gate.statusOf(a)).toMatchObject({ status: "held" });
      const both = [c, a].map(async (id) => ({
        submission_id: id,
        decision: "approve",
        sha256: (await gate.details(id)).sha256,
      }));
      expect((await gate.ask("POST", "/decisions", { decisions: await Promise.all(both) })).status).toBe(200);
      await delivered(a);
      await delivered(c);
      expect((await contents()).filter((text) => "ABC".includes(text))).toEqual(["B", "A", "C"]);
    }, 30_000);

    test("the list tells what waits, by state, project and page, oldest first where asked for", async () => {
      const ids = [await gate.submit("l1"), await gate.submit("l2"), await gate.submit("l3")];
      const list = async (query: string) =>
        (await (await gate.ask("GET", `?${query}`)).json()) as {
          items: { submission_id: string; status: string; decision: string | null }[];
          next_cursor: string | null;
          total: number;
        };
      const held = await list("status=held&limit=200");
      expect(held.items.every(({ status, decision }) => status === "held" && decision === null)).toBe(true);
      expect(held.items.slice(0, 3).map(({ submission_id: id }) => id)).toEqual([...ids].reverse());
      const oldest = await list("status=held&order=oldest&limit=1");
      expect(oldest.items[0]?.submission_id ?? "none").toBe(held.items.at(-1)?.submission_id ?? "");
      const next = await list(`status=held&order=oldest&limit=1&cursor=${oldest.next_cursor}`);
      expect(next.items[0]?.submission_id ?? "none").toBe(held.items.at(-2)?.submission_id ?? "");
      expect([oldest.total, held.next_cursor]).toEqual([held.items.length, null]);
      expect((await list(`project_id=${service.projects[1]}`)).total).toBe(0);
      expect((await list("status=declined&limit=1")).items[0]).toMatchObject({ status: "rejected" });
      expect((await list(`analysis_id=${service.analyses[0]}&status=delivered`)).total).toBeGreaterThan(0);
    });

    test("details show what is in it, and what was decided before", async () => {
      const content = "group,patients\na,3\nb,40\n";
      const first = await gate.submit(content, "table.csv");
      await gate.decide(first, "decline", { reason: "too few" }, "bob");
      const second = await gate.submit(content, "table.csv");
      const details = await gate.details(second);
      expect(details).toMatchObject({
        kind: "csv",
        rows: 2,
        columns: 2,
        sha256: hashOf(content),
        name: "table.csv",
        note: "These are hints: no finding does not mean that a file is safe.",
        preview: { type: "table", header: ["group", "patients"], small_cells: [[0, 1]] },
        same_name: { submission_id: first, decision: "declined", by: "bob", reason: "too few" },
      });
      const codes = details.findings.map(({ code }) => code);
      expect(codes).toEqual(["small_count", "equal_file"]);
      expect(details.findings[0]?.places).toEqual([{ row: 1, column: "patients", path: null, value: "3" }]);
    });

    test("content that could run is for saving only, the rest is shown as what it is", async () => {
      const png = new Uint8Array([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 1, 2, 3]);
      const cases: readonly (readonly [Content, string, string, string])[] = [
        ["a,b\n1,2\n", "t.csv", "text/plain; charset=utf-8", "inline"],
        ["plain", "t.html", "text/plain; charset=utf-8", "inline"],
        [png, "p.txt", "image/png", "inline"],
        ["<html><script>alert(1)</script>", "t.csv", "application/octet-stream", "attachment"],
        ["x\n<svg onload=alert(1)>", "t.png", "application/octet-stream", "attachment"],
        ["%PDF-1.7 /JavaScript", "t.txt", "application/octet-stream", "attachment"],
        [new Uint8Array([0x80, 4, 0x95, 1]), "t.json", "application/octet-stream", "attachment"],
      ];
      for (const [content, name, type, disposition] of cases) {
        const id = await gate.submit(content, name);
        const answer = await gate.ask("GET", `/${id}/content`);
        expect(answer.headers.get("content-type")).toBe(type);
        expect(answer.headers.get("content-disposition")).toStartWith(disposition);
        expect(answer.headers.get("content-security-policy")).toBe("default-src 'none'; sandbox");
        expect(answer.headers.get("x-content-type-options")).toBe("nosniff");
        expect(new Uint8Array(await answer.arrayBuffer())).toEqual(
          new Uint8Array(await new Blob([content]).arrayBuffer()),
        );
        const saved = await gate.ask("GET", `/${id}/content?download=1`);
        expect(saved.headers.get("content-disposition")).toStartWith("attachment");
        await saved.body?.cancel();
      }
      const id = await gate.submit("x".repeat(100_000));
      expect((await (await gate.ask("GET", `/${id}/content`)).text()).length).toBe(65_536);
      expect((await (await gate.ask("GET", `/${id}/content?download=1`)).text()).length).toBe(100_000);
    }, 20_000);

    test("what never was held is not found", async () => {
      for (const path of [`/${unknownId}`, `/${unknownId}/content`]) {
        expect((await gate.ask("GET", path)).status).toBe(404);
      }
      const sha256 = hashOf("x");
      expect((await gate.ask("POST", `/${unknownId}/approve`, { sha256 })).status).toBe(404);
      expect((await gate.ask("POST", `/${unknownId}/decline`, { sha256, reason: "x" })).status).toBe(404);
    });

    test("every step is on record with who took it and the file's hash", async () => {
      const id = await gate.submit("recorded");
      await gate.decide(id, "approve", {}, "bob");
      await delivered(id);
      const claims = { preferred_username: "ada", realm_access: { roles: ["reviewer"] } };
      const authorization = `Bearer ${await service.identity.token("console", { claims })}`;
      const answer = await fetch(`${service.url}/operator/record?limit=200`, { headers: { authorization } });
      const { items } = (await answer.json()) as { items: Record<string, unknown>[] };
      const rows = items.filter((row) => row.object_id === id).reverse();
      expect(rows.map(({ event, actor, sha256 }) => [event, actor, sha256])).toEqual([
        ["final.submitted", service.analyses[0], hashOf("recorded")],
        ["final.held", "node", hashOf("recorded")],
        ["final.approved", "bob", hashOf("recorded")],
        ["final.delivered", "node", hashOf("recorded")],
      ]);
      for (const event of ["final.held", "final.approved"]) {
        expect(service.logLines).toContainEqual(
          expect.objectContaining({ event, fields: expect.objectContaining({ objectId: id, outcome: "ok" }) }),
        );
      }
    }, 30_000);

    test("a project that is removed takes its held finals and what was decided with it, and the Hub hears nothing", async () => {
      const before = gate.aboutFiles().length;
      const stored = await countObjects(service);
      const id = await gate.submit("of project 2", "p2.csv", "3");
      const declined = await gate.submit("of project 2 as well", "p2.csv", "3");
      await gate.decide(declined, "decline", { reason: "no" });
      await service.hub.removeProject(service.projects[1]);
      const removed = await service.fetch("adapter", `/local?project_id=${service.projects[1]}`, { method: "DELETE" });
      expect(removed.status).toBe(200);
      expect((await gate.ask("GET", `/${id}`)).status).toBe(404);
      expect((await gate.ask("POST", `/${id}/approve`, { sha256: hashOf("of project 2") })).status).toBe(404);
      expect([gate.aboutFiles().length, await countObjects(service)]).toEqual([before, stored]);
    });

    test("metrics tell how many wait and since when", async () => {
      await gate.submit("counted");
      const text = await (await fetch(`${service.url}/metrics`)).text();
      expect(Number(/^flame_result_releases_held (\d+)$/m.exec(text)?.[1])).toBeGreaterThan(0);
      expect(Number(/^flame_result_releases_oldest_seconds ([\d.e+-]+)$/m.exec(text)?.[1])).toBeGreaterThan(0);
    });

    test("after approval nothing of the analysis is needed; without its bucket the final is rejected", async () => {
      const id = await gate.submit("bucket gone", "gone.csv", "2");
      await service.hub.removeProject(service.projects[0]);
      expect((await gate.decide(id, "approve")).status).toBe(200);
      await eventually(async () => {
        expect(await gate.statusOf(id, "2")).toMatchObject({
          status: "rejected",
          last_error: "The Hub no longer has a result bucket for this analysis.",
        });
      }, 15_000);
    }, 30_000);
  });
}
