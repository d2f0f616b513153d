import fc from "fast-check";
import type { ApiDocument, JsonSchema, ValueSchema } from "./document.ts";

export const oddText = fc.oneof(
  fc.string({ unit: "binary", maxLength: 40 }),
  fc.constantFrom("", " ", "None", "../../etc/passwd", "\0", "'; drop table tag; --", "a".repeat(300), "\ud800", "%00"),
);

const mostly = (usual: fc.Arbitrary<string>, weight = 4) =>
  fc.oneof({ weight, arbitrary: usual }, { weight: 1, arbitrary: oddText });

/** Everything the document's own words allow, and what they do not; `known…` stands for something that exists by then. */
export function valuesOf(name: string, schema: ValueSchema): fc.Arbitrary<string> {
  const known = fc.nat(1000).map((index) => `known ${name} ${index}`);
  if (schema.enum !== undefined) return mostly(fc.constantFrom(...schema.enum), 9);
  if (schema.format === "uuid" || name.endsWith("_id")) {
    return fc.oneof(
      { weight: 6, arbitrary: known },
      { weight: 1, arbitrary: fc.uuid() },
      { weight: 1, arbitrary: oddText },
    );
  }
  if (name.includes("tag") || name === "sha256") return mostly(known);
  if (schema.format === "date-time") return mostly(fc.date({ noInvalidDate: true }).map((date) => date.toISOString()));
  if (schema.type === "integer") return mostly(fc.constantFrom("1", "50", "200", "0", "-1", "1e3", "0x10", "1.5"));
  if (schema.type === "number") {
    return mostly(fc.oneof(fc.double().map(String), fc.constantFrom("1", "0.5", "nan", "inf", "-1", "1_0", " 2 ")));
  }
  return fc.oneof(fc.constant(schema.example ?? "x"), oddText);
}

/** JSON that a schema allows, and some that it does not. */
export function jsonOf(document: ApiDocument, schema: JsonSchema, name = ""): fc.Arbitrary<unknown> {
  const target = schema.$ref?.split("/").at(-1);
  if (target !== undefined) return jsonOf(document, document.components.schemas[target] ?? {}, name);
  const odd = fc.oneof(oddText, fc.jsonValue());
  return fc.oneof({ weight: 19, arbitrary: usualJson(document, schema, name) }, { weight: 1, arbitrary: odd });
}

function usualJson(document: ApiDocument, schema: JsonSchema, name: string): fc.Arbitrary<unknown> {
  const choices = schema.anyOf ?? schema.oneOf;
  if (choices !== undefined) return fc.oneof(...choices.map((choice) => jsonOf(document, choice, name)));
  if (schema.enum !== undefined) return fc.constantFrom(...schema.enum);
  const { type = "string", properties = {}, required = [], items = {} } = schema;
  if (typeof type !== "string") {
    return fc.oneof(...type.map((one) => jsonOf(document, { ...schema, type: one }, name)));
  }
  switch (type) {
    case "object": {
      const fields = Object.entries(properties).map(([key, inner]) => [key, jsonOf(document, inner, key)] as const);
      return fc.record(Object.fromEntries(fields), { requiredKeys: [...required] });
    }
    case "array":
      return fc.array(jsonOf(document, items, name), { maxLength: 3 });
    case "null":
      return fc.constant(null);
    case "boolean":
      return fc.boolean();
    case "integer":
    case "number":
      return fc.oneof(fc.constant(1), fc.double());
    default: {
      const { format, example } = schema;
      return valuesOf(name, {
        type,
        ...(format === undefined ? {} : { format }),
        ...(typeof example === "string" ? { example } : {}),
      });
    }
  }
}
