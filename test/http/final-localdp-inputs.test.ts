import { afterAll, beforeAll, expect, test } from "bun:test";
import { formOf, startTestService, type TestService } from "../support/service.ts";

let service: TestService;
beforeAll(async () => {
  service = await startTestService({ env: { DP__PROJECT_EPSILON: "10", DP__MAX_EPSILON: "5" } });
});
afterAll(() => service.stop());

let number = 0;
async function release(fields: Readonly<Record<string, string>>, content: string): Promise<[number, unknown]> {
  number += 1;
  const file = new File([content], `input-${number}.txt`);
  const body = formOf(...Object.entries({ epsilon: "1e-9", sensitivity: "1", ...fields }), ["file", file]);
  const answer = await service.fetch("1", "/final/localdp", { method: "PUT", body });
  const text = await answer.text();
  return [answer.status, text === "" ? "" : (JSON.parse(text) as { detail: unknown }).detail];
}
const spent = async () =>
  ((await (await service.fetch("1", "/final/budget")).json()) as { epsilon_spent: string }).epsilon_spent;

const notPositive = "epsilon must be a positive, finite number.";
const tooMuch = "epsilon must be at most 5 on this node.";

test.each([
  ["0", notPositive],
  ["-0.0", notPositive],
  ["-1e-320", notPositive],
  ["nan", notPositive],
  ["-Infinity", notPositive],
  ["1e400", notPositive],
  ["1e-400", notPositive],
  ["1e-99999999999", notPositive],
  ["5.00000000000000000000000000000001", tooMuch],
  [`5.${"0".repeat(400)}1`, tooMuch],
  ["1e308", tooMuch],
])("an epsilon of %s is refused, and takes nothing", async (epsilon, detail) => {
  const before = await spent();
  expect(await release({ epsilon }, "1")).toEqual([400, detail]);
  expect(await spent()).toBe(before);
});

test("an epsilon of any spelling is taken as the decimal that it says", async () => {
  for (const epsilon of [
    " 1e-9\n",
    "+1e-9",
    "1_0e-10",
    "0.000_000_001",
    ".000000001",
    `0.000000001${"0".repeat(400)}`,
  ]) {
    const before = Math.round(Number(await spent()) * 1e9);
    expect(await release({ epsilon }, "1")).toEqual([204, ""]);
    expect(Math.round(Number(await spent()) * 1e9)).toBe(before + 1);
  }
});

test("what has hundreds of digits is on the bill with all of them", async () => {
  expect(await release({ epsilon: "1e-320" }, "1")).toEqual([204, ""]);
  expect(await spent()).toMatch(/^6\.0{310}1e-9$/);
});

const noList = "Uploaded file must contain a JSON list of numbers.";
const list = (count: number) => `[${Array(count).fill("1").join(",")}]`;

test.each([
  ["a byte order mark", "\ufeff[1]"],
  ["a list in a list", "[[1]]"],
  ["a comma at the end", "[1,]"],
  ["a comma at the start", "[,1]"],
  ["two lists", "[1][2]"],
  ["a list that breaks off", "[1,2"],
  ["an object", '{"0":1}'],
  ["a number alone", "1"],
  ["nothing", ""],
  ["an empty list", " [ \n] "],
  ["a text", '["1"]'],
  ["null", "[null]"],
  ["true", "[true]"],
  ["NaN", "[NaN]"],
  ["infinity", "[1,1e999]"],
  ["a NUL behind it", "[1]\0"],
  ["a vertical tab", "[1\v]"],
  ["one number too many", list(100_001)],
  ["one byte too many", `[1${" ".repeat(4 * 1_048_576 - 2)}]`],
])("a list with %s is refused, and takes nothing", async (_, content) => {
  const before = await spent();
  expect(await release({ values: "list" }, content)).toEqual([400, noList]);
  expect(await spent()).toBe(before);
});

test.each([
  ["Python's numbers", "[1., .5, 1_0, -0, +3, 1E-320]"],
  ["spaces around", " \n[ 1 ,\t2 ]\r\n"],
  ["as many as there may be", list(100_000)],
  ["as many bytes as there may be", `[1${" ".repeat(4 * 1_048_576 - 3)}]`],
])(
  "a list of %s is taken",
  async (_, content) => {
    expect(await release({ values: "list" }, content)).toEqual([204, ""]);
  },
  120_000,
);

test.each(["", "LIST", "number", "list,list"])("values=%p is refused by name", async (values) => {
  expect(await release({ values }, "[1]")).toMatchObject([422, [{ loc: ["body", "values"] }]]);
});
