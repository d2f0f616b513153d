import { expect, test } from "bun:test";
import { exportRecord } from "../../src/record/export-record.ts";
import type { SealedEntry } from "../../src/record/record-store.ts";

/** A record whose rows differ in who did it. */
async function exportOf(actors: readonly string[], format: "csv" | "jsonl"): Promise<string> {
  const rows = actors.map((actor, at): SealedEntry => {
    const hash = "ab".repeat(32);
    return { sequence: at + 1, time: new Date(0), event: "operator.signed_in", actor, outcome: "ok", hash };
  });
  const stats = { rows: rows.length, unsealed: 0, unsealedSeconds: 0, head: { sequence: rows.length, hash: "" } };
  const store = {
    stats: async () => stats,
    findSpan: async () => undefined,
    readAfter: async (_: unknown, after: number) => rows.filter(({ sequence }) => sequence > after),
  };
  return (await Array.fromAsync(exportRecord(store, {}, format))).join("");
}

const cellOf = async (actor: string) => {
  const [, row = ""] = (await exportOf([actor], "csv")).split(/\r\n(?=1,)/);
  return row.slice("1,1970-01-01T00:00:00.000Z,operator.signed_in,".length, row.lastIndexOf(",,,,,,,,ok,"));
};

test.each([
  ["=HYPERLINK(1)", "'=HYPERLINK(1)"],
  ["+1", "'+1"],
  ["-1", "'-1"],
  ["@sum", "'@sum"],
  ["\t=1", "'\t=1"],
  ['=1,"2"', `"'=1,""2"""`],
])("a spreadsheet takes %j for no formula", async (actor, cell) => {
  expect(await cellOf(actor)).toBe(cell);
});

test.each([
  ["Ada\n=HYPERLINK(1)", '"Ada\n=HYPERLINK(1)"'],
  ["Ada\r2,1970-01-01", '"Ada\r2,1970-01-01"'],
  ["Ada\r\n2", '"Ada\r\n2"'],
  ['Ada, "the" countess', '"Ada, ""the"" countess"'],
])("the name %j is one cell, and begins no row of its own", async (actor, cell) => {
  expect(await cellOf(actor)).toBe(cell);
});

test("plain cells are as they are, with CRLF behind each row, and JSON has a row in each line", async () => {
  const actors = ["Ada", "Bea\nCes"];
  expect(await exportOf(["Ada"], "csv")).toBe(
    "sequence,time,event,actor,analysis_id,project_id,object_id,peer_node_id,bytes,sha256,request_id,outcome,hash\r\n" +
      `1,1970-01-01T00:00:00.000Z,operator.signed_in,Ada,,,,,,,,ok,${"ab".repeat(32)}\r\n`,
  );
  const lines = (await exportOf(actors, "jsonl")).trimEnd().split("\n");
  expect(lines.map((line) => JSON.parse(line).actor)).toEqual(actors);
});
