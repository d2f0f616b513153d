import { expect, test } from "bun:test";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { rootCertificates } from "node:tls";
import { budget } from "../../src/commands/budget.ts";
import { printConsoleLink } from "../../src/commands/console.ts";
import { peers } from "../../src/commands/peers.ts";
import type { ProcessIo } from "../../src/commands/process-io.ts";
import { record } from "../../src/commands/record.ts";
import { releases } from "../../src/commands/releases.ts";
import { retention } from "../../src/commands/retention.ts";
import { submissions } from "../../src/commands/submissions.ts";
import { usage } from "../../src/commands/usage.ts";
import { NODE } from "../settings/environment.ts";
import { createTestIo } from "./test-io.ts";

const commands: readonly (readonly [string, (io: ProcessIo) => Promise<number>])[] = [
  ["budget", (io) => budget(io, { action: "list", json: false })],
  ["console", (io) => printConsoleLink(io, "Ada")],
  ["peers", (io) => peers(io, { action: "list", json: false })],
  ["record", (io) => record(io, { action: "verify" })],
  ["releases", (io) => releases(io, { action: "list", status: "held", limit: 1, json: false })],
  ["retention", (io) => retention(io, { action: "preview", limit: 1, json: false })],
  ["submissions", (io) => submissions(io, { action: "list", all: false, json: false }, { confirm: async () => false })],
  ["usage", (io) => usage(io, { json: false })],
];

test.each(commands)(
  "%s trusts the authorities that the settings name, says in a line why it fails, and makes nothing",
  async (_, run) => {
    const folder = await mkdtemp(join(tmpdir(), "flame-result-commands-"));
    const rules = { EXTRA_CA_CERTS: "/ca.pem", RETENTION__UNTAGGED_DAYS: "1" };
    const storage = Object.entries(NODE).filter(([name]) => !/^(?:MINIO|POSTGRES)__/.test(name));
    const edge = createTestIo({ ...Object.fromEntries(storage), ...rules, DATA_DIR: folder });
    const trusted: string[] = [];
    const io = {
      ...edge,
      readTextFile: (path: string) => (path === "/ca.pem" ? (rootCertificates[0] ?? "") : edge.readTextFile(path)),
      trustAlso: ({ path }: { readonly path: string }) => void trusted.push(path),
    };
    expect(await run(io)).toBe(1);
    expect(trusted).toEqual(["/ca.pem"]);
    expect(edge.errors.filter((line) => !line.startsWith("warning"))).toEqual([
      `There is no ${folder}/catalog.sqlite: the service has not been started on this DATA_DIR`,
    ]);
    expect([edge.printed, await readdir(folder)]).toEqual([[], []]);
    await rm(folder, { recursive: true });
  },
);

test.each(commands)("%s asks for settings first", async (_, run) => {
  const edge = createTestIo({});
  expect([await run(edge), edge.printed]).toEqual([78, []]);
  expect(edge.errors[0]).toBe("The settings are not usable:");
});
