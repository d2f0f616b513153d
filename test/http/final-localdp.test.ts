import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { eventually } from "../support/eventually.ts";
import { formOf, startTestService, type TestService } from "../support/service.ts";
import { countObjects } from "../support/storage-check.ts";

const notANumber = { detail: "Uploaded file must contain a single numerical value." };

describe("a number with noise", () => {
  let service: TestService;
  beforeAll(async () => {
    service = await startTestService({ env: { SUBMISSIONS__RETRY_MAX_SECONDS: "1", LOG__LEVEL: "debug" } });
  });
  afterAll(() => service.stop());

  type Part = readonly [string, string | File];
  const number = (content: string | Uint8Array<ArrayBuffer>, name = "sum.txt"): Part => [
    "file",
    new File([content], name),
  ];
  const put = (...parts: readonly Part[]) =>
    service.fetch("1", "/final/localdp", { method: "PUT", body: formOf(...parts) });
  const filesAtHub = () => service.hub.filesOf(service.hub.bucketOf(service.analyses[0], "RESULT").bucketId ?? "");
  const textAtHub = async (path: string) => {
    const id = filesAtHub().find((file) => file.path === path)?.id ?? "";
    return new TextDecoder().decode(await service.hub.readFile(id));
  };

  test.each([
    ["before", [["epsilon", "1e3"], ["sensitivity", "1"], number("118", "before.txt")]],
    ["after", [number("118", "after.txt"), ["epsilon", "1e3"], ["sensitivity", "1"]]],
    ["around", [["epsilon", " 1_000. "], number("\n118\n", "around.txt"), ["sensitivity", "1"]]],
  ] as const)("is sent with its parameters %s the file, near the true value yet not the same", async (place, parts) => {
    const response = await put(...parts);
    expect([response.status, await response.text()]).toEqual([204, ""]);
    const text = await textAtHub(`${place}.txt`);
    expect(text).toMatch(/^\d+\.\d+$/);
    expect(Math.abs(Number(text) - 118)).toBeLessThan(1);
    expect(Number(text)).not.toBe(118);
  });

  test.each(["nan", "inf", "-inf", "1e999", "", " ", "0x10", "1 2", "1,5", "one", "1\n2"])(
    "a file that holds %p is refused",
    async (content) => {
      const response = await put(number(content, "no.txt"), ["epsilon", "1"], ["sensitivity", "1"]);
      expect([response.status, await response.json()]).toEqual([400, notANumber]);
    },
  );

  test.each([1_025, 8_000_000])("a file of %i bytes is refused", async (bytes) => {
    const content = new Uint8Array(bytes).fill("5".charCodeAt(0), 0, 1);
    const response = await put(number(content.fill(32, 1), "no.txt"), ["epsilon", "1"], ["sensitivity", "1"]);
    expect([response.status, await response.json()]).toEqual([400, notANumber]);
  });

  test("a file of exactly 1 KiB is read", async () => {
    const response = await put(number("5".padEnd(1024), "long.txt"), ["epsilon", "1"], ["sensitivity", "1"]);
    expect(response.status).toBe(204);
  });

  test.each(["epsilon", "sensitivity"])("%s must be there, a number, positive and finite", async (name) => {
    const other: Part = name === "epsilon" ? ["sensitivity", "1"] : ["epsilon", "1"];
    for (const missing of [[], [[name, ""]]] as const) {
      const response = await put(number("1", "no.txt"), other, ...missing);
      expect(response.status).toBe(422);
      expect(await response.json()).toEqual({
        detail: [{ type: "missing", loc: ["body", name], msg: "Field required", input: null }],
      });
    }
    for (const text of ["abc", "0x1", "1 1", "1e", " "]) {
      const response = await put(number("1", "no.txt"), other, [name, text]);
      expect(response.status).toBe(422);
      expect(await response.json()).toMatchObject({
        detail: [{ type: "float_parsing", loc: ["body", name], input: text }],
      });
    }
    for (const text of ["0", "-1", "-0.0", "nan", "inf", "-Infinity", "1e999", "-1e999", "1e-400"]) {
      const response = await put([name, text], other, number("1", "no.txt"));
      expect([text, response.status, await response.json()]).toEqual([
        text,
        400,
        { detail: `${name} must be a positive, finite number.` },
      ]);
    }
  });

  test("all that is wrong with the form is told at once", async () => {
    const response = await put(number("1", "no.txt"), ["epsilon", "x"]);
    expect(response.status).toBe(422);
    expect(((await response.json()) as { detail: { loc: string[] }[] }).detail.map(({ loc }) => loc)).toEqual([
      ["body", "epsilon"],
      ["body", "sensitivity"],
    ]);
  });

  test("an unknown analysis is told so before anything is said about its number", async () => {
    const headers = { authorization: `Bearer ${await service.token("nobody")}` };
    const body = formOf(number("no number"), ["epsilon", "1"], ["sensitivity", "1"]);
    expect((await service.fetch("1", "/final/localdp", { method: "PUT", headers, body })).status).toBe(404);
  });

  test("is queued while the Hub is away, with noise: the true value is nowhere, at no time", async () => {
    const truth = "314159265.35897";
    const lift = service.hub.fail({ path: /\/upload$/ }, { kind: "status", status: 503 });
    const response = await put(number(truth, "away.txt"), ["epsilon", "0.5"], ["sensitivity", "2"]);
    expect(response.status).toBe(202);
    expect(await countObjects(service)).toBe(1);
    const kept = readdirSync(service.dataDir ?? "", { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => readFileSync(join(entry.parentPath, entry.name)));
    expect(kept.length).toBeGreaterThan(1);
    for (const content of kept) expect(content.includes(truth)).toBe(false);
    expect(kept.some((content) => content.includes("3141592"))).toBe(true);
    lift();
    await eventually(async () => expect(await textAtHub("away.txt")).toMatch(/^3141\d+\.\d+$/));
    expect(await textAtHub("away.txt")).not.toBe(truth);
    expect(JSON.stringify(service.logLines)).not.toContain("31415926");
  });

  test("a release is put on record with what it cost, and without a value", async () => {
    const releases = () => service.logLines.filter(({ event }) => event === "dp.released");
    const before = releases().length;
    await put(number("42", "recorded.txt"), ["epsilon", "0.25"], ["sensitivity", "3"]);
    expect(releases()).toHaveLength(before + 1);
    const { fields } = releases().at(-1) ?? {};
    expect(fields).toEqual({ analysisId: service.analyses[0], epsilon: 0.25, sensitivity: 3, outcome: "ok" });
    await put(number("42", "recorded.txt"), ["epsilon", "0.25"], ["sensitivity", "3"]);
    expect(releases()).toHaveLength(before + 1);
  });
});
