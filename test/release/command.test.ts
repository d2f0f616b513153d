import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtemp, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type ReleasesRequest, releases } from "../../src/commands/releases.ts";
import { submissions } from "../../src/commands/submissions.ts";
import { createTestIo } from "../commands/test-io.ts";
import { eventually } from "../support/eventually.ts";
import { backends, isAvailable, startTestService, type TestService } from "../support/service.ts";
import { type Gate, gateEnv, hashOf, openGate } from "./gate.ts";

for (const backend of backends) {
  describe.skipIf(!isAvailable(backend))(`the gate's commands beside a running service on ${backend} storage`, () => {
    let service: TestService;
    let gate: Gate;
    beforeAll(async () => {
      service = await startTestService({ backend, env: { ...gateEnv, RELEASE__REVIEWERS: "2" } });
      gate = openGate(service);
    });
    afterAll(() => service.stop());

    async function command(request: ReleasesRequest) {
      const io = createTestIo(service.environment);
      const code = await releases(io, request);
      return { code, out: io.printed.join("\n"), err: io.errors.join("\n") };
    }
    const approve = (id: string, as: string, sha256: string) => command({ action: "approve", id, as, sha256 });

    test("two people approve by name and hash, and the final is delivered", async () => {
      expect((await command({ action: "list", status: "held", limit: 50, json: false })).out).toBe(
        "Nothing waits for a decision.",
      );
      const id = await gate.submit("a,b\n1,2\n", "\u001b[2Jtable.csv");
      const list = await command({ action: "list", status: "held", limit: 50, json: false });
      expect(list.out).toMatch(/^SUBMISSION +ANALYSIS +STATE +BYTES +SUBMITTED +NAME\n/);
      expect(list.out).toContain(id);
      const shown = await command({ action: "show", id: id.toUpperCase(), json: false });
      expect(shown.out).toContain(`sha256      ${hashOf("a,b\n1,2\n")}`);
      expect(shown.out).toContain("No finding does not mean that a file is safe.");
      expect(shown.out + list.out).not.toContain("\u001b");
      expect((await command({ action: "show", id, json: true })).out).toContain('"kind": "csv"');
      const sha256 = hashOf("a,b\n1,2\n");
      expect(await approve(id, "Ada", hashOf("x"))).toMatchObject({
        code: 1,
        err: expect.stringContaining("The file is not the one you looked at."),
      });
      expect(await approve(id, "Ada", sha256)).toMatchObject({
        code: 0,
        out: `${id} is approved; it waits for another person's approval`,
      });
      expect((await approve(id, " ada ", sha256)).err).toContain(`Submission ${id} was already approved by Ada at 20`);
      expect(await gate.statusOf(id)).toMatchObject({ status: "held" });
      expect(await approve(id, "Bob", sha256)).toMatchObject({ code: 0, out: `${id} is approved` });
      await eventually(async () => expect(await gate.statusOf(id)).toMatchObject({ status: "delivered" }), 15_000);
    }, 30_000);

    test("the whole file is saved beside what is shown of it, and never over another", async () => {
      const content = "x,y\n".repeat(300_000);
      const id = await gate.submit(content, "long.csv");
      const folder = await mkdtemp(join(tmpdir(), "flame-release-"));
      const out = join(folder, "copy.csv");
      const show = { action: "show", id, out, json: false } as const;
      expect(await command(show)).toMatchObject({ code: 0, err: `The file is in ${out}.` });
      expect(await Bun.file(out).text()).toBe(content);
      expect((await stat(out)).mode & 0o777).toBe(0o600);
      await Bun.write(out, "mine");
      expect(await command(show)).toMatchObject({ code: 1, err: expect.stringContaining("cannot be written: EEXIST") });
      expect(await Bun.file(out).text()).toBe("mine");
      await rm(folder, { recursive: true });
    });

    test("a list is of one project or analysis where one is named", async () => {
      const id = await gate.submit("of the first");
      const list = (more: object) => command({ action: "list", status: "held", limit: 50, json: false, ...more });
      const [own, other] = service.analyses;
      expect((await list({ analysis: own, project: service.projects[0] })).out).toContain(id);
      for (const more of [{ analysis: other }, { project: crypto.randomUUID() }]) {
        expect((await list(more)).out).not.toContain(id);
      }
      expect(await list({ project: "x" })).toMatchObject({ code: 2, err: "--project takes a UUID." });
    });

    test("to decline needs a reason, and cannot be undone by trying again", async () => {
      const id = await gate.submit("secret");
      const decline = { action: "decline", id, as: "Ada", sha256: hashOf("secret") } as const;
      expect((await command(decline)).code).toBe(2);
      expect(await command({ ...decline, reason: "no" })).toMatchObject({ code: 0, out: `${id} is declined` });
      const io = createTestIo(service.environment);
      const retry = { action: "retry", ids: [id], all: false } as const;
      expect(await submissions(io, retry, { confirm: async () => true })).toBe(1);
      expect(await gate.statusOf(id)).toMatchObject({ status: "rejected", last_error: "Declined by the node: no" });
    });

    test("retrying everything lets out nothing that is held", async () => {
      const id = await gate.submit("held");
      const io = createTestIo(service.environment);
      await submissions(io, { action: "retry", ids: [], all: true }, { confirm: async () => true });
      expect(await gate.statusOf(id)).toMatchObject({ status: "held" });
      await submissions(io, { action: "list", all: false, json: false }, { confirm: async () => true });
      expect(io.printed.join("\n")).toMatch(new RegExp(`${id}.* held `));
    });

    test("what is no id, or not there, is told so", async () => {
      expect((await command({ action: "show", id: "nonsense", json: false })).code).toBe(2);
      expect((await command({ action: "show", id: crypto.randomUUID(), json: false })).code).toBe(1);
    });
  });
}
