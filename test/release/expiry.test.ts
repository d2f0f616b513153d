import { Database } from "bun:sqlite";
import { expect, test } from "bun:test";
import { join } from "node:path";
import { startService } from "../../src/app/start-service.ts";
import { createRequestContext } from "../../src/request-context.ts";
import { parseSettings } from "../../src/settings/load.ts";
import { eventually } from "../support/eventually.ts";
import { createTestLog } from "../support/log.ts";
import { startTestService } from "../support/service.ts";
import { countObjects } from "../support/storage-check.ts";
import { gateEnv, openGate } from "./gate.ts";

const dayMs = 24 * 3_600_000;

test("what nobody has decided on in time is declined by itself, and never leaves", async () => {
  const service = await startTestService({ env: { ...gateEnv, RELEASE__WAIT_DAYS: "1" } });
  const gate = openGate(service);
  const [old, young] = [await gate.submit("old", "old.csv"), await gate.submit("young", "young.csv")];
  await service.shutDown();
  const database = new Database(join(service.dataDir ?? "", "catalog.sqlite"));
  database.run("update submission set submitted_at = submitted_at - ? where id = ?", [dayMs + 60_000, old]);
  database.close();

  const { settings } = parseSettings(service.environment, () => "");
  if (settings === undefined) throw new Error("the settings were usable before");
  const { log, lines } = createTestLog();
  const again = await startService(settings, { log, context: createRequestContext() });
  const headers = { authorization: `Bearer ${await service.token("1")}` };
  const statusOf = async (id: string) => (await fetch(`${again.url}/final/submissions/${id}`, { headers })).json();
  await eventually(async () => {
    expect(await statusOf(old)).toMatchObject({
      status: "rejected",
      last_error: "Declined by the node: nobody decided within 1 day",
    });
  }, 30_000);
  expect(await statusOf(young)).toMatchObject({ status: "held", last_error: null });
  await eventually(async () => expect(await countObjects(service)).toBe(1), 30_000);
  expect(lines.filter(({ event }) => event === "final.expired").map(({ fields }) => fields.objectId)).toEqual([old]);
  expect(gate.aboutFiles()).toEqual([]);
  await again.stop();
  await service.stop();
}, 120_000);
