import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { formOf, startTestService, type TestService } from "../support/service.ts";

const file = (content: string | Blob) => ["file", new File([content], `${crypto.randomUUID()}.json`)] as const;
const parameters = [
  ["epsilon", "1"],
  ["sensitivity", "1"],
] as const;
const asList = ["values", "list"] as const;
const noList = "Uploaded file must contain a JSON list of numbers.";
const noNumber = "Uploaded file must contain a single numerical value.";

/** Everything that the service has written anywhere, by its file's name. */
function everythingIn(dir: string): string[] {
  return readdirSync(dir, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => readFileSync(join(entry.parentPath, entry.name), "latin1"));
}

describe("values=list", () => {
  let service: TestService;
  beforeAll(async () => {
    service = await startTestService({ env: { DP__PROJECT_EPSILON: "1000" } });
  });
  afterAll(() => service.stop());

  const put = async (...parts: readonly (readonly [string, string | File])[]) => {
    const response = await service.fetch("1", "/final/localdp", { method: "PUT", body: formOf(...parts) });
    const text = await response.text();
    return [response.status, text === "" ? "" : JSON.parse(text).detail];
  };
  const spent = async () =>
    ((await (await service.fetch("1", "/final/budget")).json()) as { epsilon_spent: string }).epsilon_spent;
  const delivered = async () => {
    const bucketId = service.hub.bucketOf(service.analyses[0], "RESULT").bucketId ?? "";
    const last = service.hub.filesOf(bucketId).at(-1);
    return new TextDecoder().decode(await service.hub.readFile(last?.id ?? ""));
  };

  test("sends a list of noisy numbers in Python's repr, whatever comes first in the form", async () => {
    for (const parts of [
      [...parameters, asList, file("[1, 2.5, -3e2]")],
      [file("[1, 2.5, -3e2]"), asList, ...parameters],
    ]) {
      const before = Number(await spent());
      expect(await put(...parts)).toEqual([204, ""]);
      expect(Number(await spent())).toBe(before + 1);
      const text = await delivered();
      expect(text).toMatch(/^\[-?\d+\.\d+(?:e-\d\d+)?, -?\d+\.\d+(?:e-\d\d+)?, -?\d+\.\d+\]$/);
      expect(JSON.parse(text)).toHaveLength(3);
    }
  }, 60_000);

  test("refuses everything else, and takes nothing from the budget for it", async () => {
    const before = await spent();
    const many = `[${"1,".repeat(100_000)}1]`;
    const large = `[1${" ".repeat(4 * 1024 * 1024)}]`;
    for (const content of ["", "[]", "7", "[1,]", "[NaN]", "[1e999]", '["1"]', "[[1]]", '{"a":1}', many, large]) {
      const shown = content.slice(0, 20);
      expect([shown, ...(await put(...parameters, asList, file(content)))]).toEqual([shown, 400, noList]);
    }
    expect(await put(file(large), ...parameters, asList)).toEqual([400, noList]);
    expect(await put(...parameters, file("[1]"))).toEqual([400, noNumber]);
    expect(await put(...parameters, file(large))).toEqual([400, noNumber]);
    expect((await put(...parameters, ["values", "numbers"], file("[1]")))[0]).toBe(422);
    expect(await put(...parameters, ["values", ""], file("1"))).toEqual([
      422,
      [{ type: "literal_error", loc: ["body", "values"], msg: "Input should be 'list'", input: "" }],
    ]);
    expect((await put(["epsilon", "0"], ["sensitivity", "1"], asList, file("[1]")))[1]).toBe(
      "epsilon must be a positive, finite number.",
    );
    expect(await spent()).toBe(before);
  }, 60_000);

  test("a list of 100,000 is drawn while others are served", async () => {
    const list = `[${Array.from({ length: 100_000 }, (_, index) => index).join(", ")}]`;
    let isOver = false;
    const release = put(...parameters, asList, file(list)).finally(() => {
      isOver = true;
    });
    let served = 0;
    while (!isOver) {
      expect((await fetch(`${service.url}/healthz`)).status).toBe(200);
      served += 1;
    }
    expect((await release)[0]).toBeLessThan(300);
    // Nobody would be served before it is over if the draws did not make way.
    expect(served).toBeGreaterThan(20);
  }, 120_000);
});

test("the true numbers of a list are found nowhere afterwards", async () => {
  const dir = mkdtempSync(join(tmpdir(), "flame-list-"));
  const service = await startTestService({ env: { DATA_DIR: dir, SUBMISSIONS__WAIT_SECONDS: "0" } });
  service.hub.fail({ path: /\/upload$/ }, { kind: "status", status: 503 });
  const secret = "918273645.546372819";
  const put = (content: string, ...fields: readonly (readonly [string, string])[]) => {
    const body = formOf(...fields, file(content));
    return service.fetch("1", "/final/localdp", { method: "PUT", body });
  };
  const content = `[${Array.from({ length: 500 }, () => secret).join(",")}]`;
  const statuses = [
    (await put(content, ...parameters, asList)).status,
    (await put(`${content}x`, ...parameters, asList)).status,
    (await put(content, ...parameters)).status,
    (await put(content, ["epsilon", "nan"], ["sensitivity", "1"], asList)).status,
  ];
  expect(statuses).toEqual([202, 400, 400, 400]);
  const written = [...everythingIn(dir), JSON.stringify(service.logLines)];
  await service.shutDown();
  written.push(...everythingIn(dir));
  expect(written.length).toBeGreaterThan(3);
  // As text, and as the eight bytes of the double in either order.
  const bytes = Buffer.alloc(8);
  bytes.writeDoubleLE(Number(secret));
  const traces = [secret, bytes.toString("latin1"), bytes.reverse().toString("latin1")];
  expect(traces.filter((trace) => written.some((text) => text.includes(trace)))).toEqual([]);
  await service.stop();
  rmSync(dir, { recursive: true, force: true });
}, 60_000);
