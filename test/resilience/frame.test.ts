import { afterAll, beforeAll, expect, test } from "bun:test";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { connectRaw } from "../support/raw-http.ts";
import type { Attempt } from "./support/ledger.ts";
import { type Load, startLoad } from "./support/load.ts";
import { openStorageView, type StorageView } from "./support/storage-view.ts";
import { findProblems } from "./support/verify.ts";
import { type ResilienceWorld, startResilienceWorld } from "./support/world.ts";

let world: ResilienceWorld;
let load: Load;
let view: StorageView;

beforeAll(async () => {
  world = await startResilienceWorld({ storage: "embedded", name: "the suite itself" });
  load = startLoad(world, { seed: 5, maxBytes: 50_000 });
  await load.progress(300, 3);
  await load.stop();
  view = openStorageView(world);
}, 60_000);
afterAll(async () => {
  await view.close();
  // All of them were made here, to see whether they are noticed.
  world.figures.losses = 0;
  await world.stop();
});

/** What the verification says; it waits for nothing. */
const problems = async () => (await findProblems(world, load, { settleMs: 0 })).join("\n");

const spoilt = new Set<string>();

/** A file that no other test has spoilt. */
function acknowledged(kind: Attempt["kind"], isWanted: (one: Attempt) => boolean = () => true) {
  const kept = load.ledger.acknowledged(kind).filter((one) => !load.ledger.removals.has(one.projectId));
  const found = kept.find((one) => one.size > 0 && !spoilt.has(one.name) && isWanted(one));
  if (found === undefined) throw new Error(`the load has sent no such ${kind}`);
  spoilt.add(found.name);
  return { ...found, key: `local/${found.projectId}/${found.id}` };
}

const put = (key: string, text: string, filename: string) =>
  view.objects.put(key, new Blob([text]).stream(), { contentType: "text/plain", filename });

function hubFile(name: string) {
  const found = [...world.hub.state.files.values()].find((file) => file.name === name);
  if (found === undefined) throw new Error(`the Hub does not have ${name}`);
  return found;
}

test("a load without faults leaves nothing to printError about, and has used every route", async () => {
  expect(await findProblems(world, load)).toEqual([]);
  const log = world.service.output();
  const routes = new Set(
    [...log.matchAll(/"method":"(\w+)","route":"([^"]+)"/g)].map(([, method, route]) => `${method} ${route}`),
  );
  for (const route of ["PUT /local", "DELETE /local", "PUT /local/upload", "PUT /intermediate", "PUT /final/localdp"]) {
    expect(routes).toContain(route);
  }
}, 60_000);

test("a file that is gone, or is another one, is noticed", async () => {
  const changed = acknowledged("local");
  await put(changed.key, "not that", changed.name);
  expect(await problems()).toContain(`(${changed.name}, acknowledged): 8 bytes, and they are not those that were sent`);
  const lost = acknowledged("local", (one) => one.tag !== undefined);
  await view.objects.remove(lost.key);
  const found = await problems();
  expect(found).toContain(`(${lost.name}, acknowledged): lost`);
  expect(found).toContain(`the catalog has ${lost.id} (${lost.name}), the store does not`);
}, 60_000);

test("a file that nobody has sent, and one that was refused, are noticed", async () => {
  const { projectId } = acknowledged("local");
  const id = crypto.randomUUID();
  await put(`local/${projectId}/${id}`, "whose?", "whose.bin");
  await put(`submissions/${id}`, "whose?", "whose.bin");
  const refused = load.ledger.attempts.get(acknowledged("local", (one) => one.tag === undefined).name);
  if (refused !== undefined) Object.assign(refused, { verdict: "refused", status: 502 });
  const tagged = load.ledger.attempts.get(acknowledged("local", (one) => one.tag !== undefined).name);
  if (tagged !== undefined) Object.assign(tagged, { verdict: "refused", status: 400 });
  const found = await problems();
  expect(found).toContain(`local/${projectId}/${id} (whose.bin) was never sent`);
  expect(found).toContain(`a final's file that nobody waits for: submissions/${id}`);
  expect(found).toContain(`(${refused?.name}) is there, though it is refused (502)`);
  expect(found).toContain(`the tag ${tagged?.tag} lists ${tagged?.name}, which is refused`);
}, 60_000);

test("a final that is doubled, and an intermediate that is gone, are noticed", async () => {
  const doubled = hubFile(acknowledged("final").name);
  const copy = { ...doubled, id: crypto.randomUUID(), name: doubled.name.replace(".bin", "-1a2b.bin") };
  world.hub.state.files.set(copy.id, copy);
  const gone = acknowledged("intermediate", (one) => !one.name.startsWith("sent-"));
  world.hub.state.files.delete(gone.id ?? "");
  const found = await problems();
  expect(found).toContain(`${doubled.name} (acknowledged) is at the Hub 2 times`);
  expect(found).toContain(`(${gone.name}): lost`);
}, 60_000);

test("temporary files, unfinished uploads and open connections are noticed", async () => {
  const spooled = join(world.spoolDir, "flame-spool-left");
  writeFileSync(spooled, "");
  const staged = join(world.env.DATA_DIR ?? "", "objects/.staging/left");
  writeFileSync(staged, "");
  // More than the look itself may have open.
  const connections = await Promise.all(Array.from({ length: 10 }, () => connectRaw(world.url)));
  for (const connection of connections) {
    await connection.send("GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n");
    await connection.until(/ok/);
  }
  const found = await problems();
  for (const path of [spooled, staged]) rmSync(path);
  for (const connection of connections) connection.close();
  expect(found).toContain("a temporary file: flame-spool-left");
  expect(found).toContain("an unfinished upload: left");
  expect(found).toMatch(/1\d connections of clients are still open/);
}, 60_000);
