import { expect, test } from "bun:test";
import { describeApp } from "../../src/http/whole-app.ts";

interface Schema {
  readonly properties?: Record<string, unknown>;
}
const { components } = describeApp("1.2.3") as { components: { schemas: Record<string, Schema> } };
const sources = ["src/console/wire.ts", "src/console/wire-decisions.ts"];
const text = (await Promise.all(sources.map((path) => Bun.file(path).text()))).join("\n");

/** Interfaces of the file with the names of their fields; fields of fields are not looked at. */
function readShapes(): Map<string, string[]> {
  const shapes = [...text.matchAll(/^export interface (\w+)[^\n]* \{\n(.*?)^\}/gms)];
  return new Map(
    shapes.map(([, name = "", body = ""]) => {
      return [name, [...body.matchAll(/^ {2}readonly (\w+)\??:/gm)].map(([, field = ""]) => field)];
    }),
  );
}

test("the operators' page reads the fields that its routes are described with", () => {
  const known = [...readShapes()].filter(([name]) => components.schemas[name] !== undefined);
  expect(known.map(([name]) => name)).toEqual(
    expect.arrayContaining(["Overview", "OperatorSession", "QueuedSubmission", "RecordRow", "RecordVerification"]),
  );
  for (const [name, fields] of known) {
    const described = Object.keys(components.schemas[name]?.properties ?? {});
    expect([name, fields.filter((field) => !described.includes(field))]).toEqual([name, []]);
  }
});
