import { afterAll, afterEach, beforeAll, describe, expect, test } from "bun:test";
import { hashToken } from "../../src/app/operator-services.ts";
import { type Beside, openBeside } from "../support/beside.ts";
import { eventually } from "../support/eventually.ts";
import {
  asOperators,
  type Backend,
  backends,
  type Client,
  formOf,
  isAvailable,
  startTestService,
  type TestService,
} from "../support/service.ts";
import { countObjects } from "../support/storage-check.ts";

// A database that works, and refuses rows of the record: what they would report must not happen either.

const refusal = {
  embedded: [
    `create trigger refuse before insert on record_entry when new.event = '$EVENT'
     begin select raise(abort, 'refused'); end`,
  ],
  servers: [
    `create or replace function refuse() returns trigger language plpgsql as $$ begin raise 'refused'; end $$`,
    `create trigger refuse before insert on record_entry for each row when (new.event = '$EVENT')
     execute function refuse()`,
  ],
} as const satisfies Record<Backend, readonly string[]>;
const lifting = { embedded: "drop trigger if exists refuse", servers: "drop trigger if exists refuse on record_entry" };

for (const backend of backends) {
  describe.skipIf(!isAvailable(backend))(`a record that takes no rows on ${backend} storage`, () => {
    let service: TestService;
    let beside: Beside;
    beforeAll(async () => {
      const queue = { SUBMISSIONS__WAIT_SECONDS: "1", SUBMISSIONS__RETRY_MAX_SECONDS: "1" };
      service = await startTestService({ backend, env: { ...asOperators, ...queue, RECORD__ENABLED: "1" } });
      beside = openBeside(service);
    });
    afterEach(() => beside.execute(lifting[backend]));
    afterAll(async () => {
      await beside?.close();
      await service?.stop();
    });

    async function refuse(event: string): Promise<void> {
      for (const statement of refusal[backend]) await beside.execute(statement.replace("$EVENT", event));
    }
    const lift = () => beside.execute(lifting[backend]);
    const put = (as: Client, path: string, name = "n.txt") =>
      service.fetch(as, path, {
        method: "PUT",
        body: formOf(["tag", "kept"], ["file", new File(["41"], name)]),
      });
    const statusOf = async (as: Client, path: string, init: RequestInit = {}) =>
      (await service.fetch(as, path, init)).status;

    async function rowsOf(event: "project.deleted" | "operator.signed_in" | "final.delivered") {
      await beside.record.seal();
      return beside.record.count({ event });
    }

    test("removes no project", async () => {
      const [, project] = service.projects;
      const { object_id: id } = (await (await put("3", "/local")).json()) as { object_id: string };
      await service.hub.removeProject(project);
      await refuse("project.deleted");
      const remove = { method: "DELETE" };
      expect(await statusOf("adapter", `/local?project_id=${project}`, remove)).toBe(503);
      expect(await countObjects(service)).toBe(1);
      await lift();
      expect(await statusOf("adapter", `/local?project_id=${project}`, remove)).toBe(200);
      expect(await countObjects(service)).toBe(0);
      expect(await rowsOf("project.deleted")).toBe(1);
      expect(id).not.toBe("");
    });

    test("lets nobody sign in, and keeps their link", async () => {
      const ticket = crypto.randomUUID();
      await beside.operators.addTicket(hashToken(ticket), "Ada");
      const headers = { "content-type": "application/json" };
      const init = { method: "POST", headers, body: JSON.stringify({ ticket }) };
      await refuse("operator.signed_in");
      expect(await statusOf("1", "/operator/session", init)).toBe(503);
      expect(await beside.operators.count()).toBe(0);
      await lift();
      expect(await statusOf("1", "/operator/session", init)).toBe(204);
      expect(await rowsOf("operator.signed_in")).toBe(1);
    });

    test("shows and exports nothing of itself", async () => {
      await refuse("record.read");
      expect(await statusOf("operator", "/operator/record")).toBe(503);
      await lift();
      await refuse("record.exported");
      expect(await statusOf("operator", "/operator/record/export")).toBe(503);
      await lift();
      expect(await statusOf("operator", "/operator/record")).toBe(200);
    });

    test("takes no final, and drops none", async () => {
      await refuse("final.submitted");
      const uploads = () => service.hub.requests.filter(({ path }) => path.includes("/upload")).length;
      const before = uploads();
      expect((await put("1", "/final", "never.txt")).status).toBe(503);
      expect(await countObjects(service)).toBe(0);
      await lift();
      expect(uploads()).toBe(before);
      const hubIsBack = service.hub.fail({ path: /\/upload$/ }, { kind: "status", status: 503 });
      const { submission_id: id } = (await (await put("2", "/final", "drop.txt")).json()) as { submission_id: string };
      await refuse("final.rejected");
      const drop = () => statusOf("operator", `/operator/submissions/${id}`, { method: "DELETE" });
      // While it is being delivered it cannot be dropped at all.
      await eventually(async () => expect(await drop()).toBe(503), 15_000);
      expect(await statusOf("2", `/final/submissions/${id}`)).toBe(200);
      await lift();
      await eventually(async () => expect(await drop()).toBe(204), 15_000);
      hubIsBack();
    });

    test("lets a final that the Hub has be noted once it takes rows again, and it is not sent twice", async () => {
      await refuse("final.delivered");
      // It has left the node already, and the client may know.
      expect((await put("1", "/final", "once.txt")).status).toBe(204);
      expect(await rowsOf("final.delivered")).toBe(0);
      await lift();
      // The lease of the attempt whose end could not be written.
      const past = backend === "embedded" ? "1" : "now() - interval '1 minute'";
      await beside.execute(`update submission set lease_until = ${past} where state = 'delivering'`);
      await eventually(async () => expect(await rowsOf("final.delivered")).toBe(1), 60_000);
      const files = [...service.hub.state.files.values()].filter(({ name }) => name.includes("once"));
      expect(files).toHaveLength(1);
    }, 90_000);

    test("keeps local results as ever", async () => {
      await refuse("access.denied");
      expect((await put("1", "/local")).status).toBe(200);
    });
  });
}
