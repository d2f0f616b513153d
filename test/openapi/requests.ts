import fc from "fast-check";
import type { Client } from "../support/service.ts";
import type { ApiDocument, FormSchema, JsonSchema, Operation, Route } from "./document.ts";
import { routesOf } from "./document.ts";
import { jsonOf, oddText, valuesOf } from "./values.ts";

/** A request to be sent; `known…` stands for something that exists by then. */
export interface PlannedRequest {
  readonly as: Client | "no token" | "bad token";
  readonly method: string;
  /** With its query. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: PlannedBody | undefined;
}

export type PlannedBody =
  | { readonly kind: "form"; readonly parts: readonly PlannedPart[] }
  | { readonly kind: "raw"; readonly contentType: string; readonly text: string };

export interface PlannedPart {
  readonly name: string;
  /** `undefined` for a text. */
  readonly filename: string | undefined;
  readonly content: string;
}

/** Who sends it: mostly those whom it is for. */
const bearersAmong = (...usual: readonly Client[]) =>
  fc.oneof(
    { weight: 20, arbitrary: fc.constantFrom(...usual) },
    { weight: 2, arbitrary: fc.constantFrom<Client>("1", "adapter", "operator", "nobody") },
    { weight: 1, arbitrary: fc.constantFrom("no token" as const, "bad token" as const) },
  );
const bearers = bearersAmong("1", "2", "3");

function bearersOf(method: string, { tags }: Operation) {
  if (tags.includes("Operators")) return bearersAmong("operator");
  // The adapter has an operation to itself.
  return method === "DELETE" ? bearersAmong("1", "2", "3", "adapter", "adapter", "adapter") : bearers;
}

const anyHeaders = fc.record(
  {
    range: fc.oneof(
      fc.tuple(fc.nat(50), fc.nat(50)).map(([first, last]) => `bytes=${first}-${last}`),
      fc.constantFrom(
        "bytes=-3",
        "bytes=3-",
        "bytes=-0",
        "bytes=99999999999999999999-",
        "lines=1-2",
        "bytes=0-1,2-3",
        "bytes=",
      ),
    ),
    "if-none-match": fc.constantFrom("*", '"x"', "W/", ","),
    "if-range": fc.constantFrom('"x"', "Sat, 31 Jan 2026 12:00:00 GMT"),
    "x-request-id": fc.string({ unit: "grapheme-ascii", maxLength: 20 }).map((text) => text.trim()),
    traceparent: fc.constantFrom("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", "00-x", "ff-1-2-3"),
    "x-forwarded-proto": fc.constantFrom("https", "gopher", "http, https"),
    "x-forwarded-host": fc.constant("evil.example"),
    "accept-encoding": fc.constantFrom("gzip", "identity;q=0", "*"),
    "if-match": fc.constant('"x"'),
    "sec-fetch-site": fc.constantFrom("same-origin", "cross-site", "odd"),
    cookie: fc.constantFrom("flame_operator=guessed", "flame_operator=", "=;;"),
    expect: fc.constant("200-maybe"),
  },
  { requiredKeys: [] },
);

/** Bodies that are no whole form, under whatever name. */
const rawBodies = fc.record({
  kind: fc.constant("raw" as const),
  contentType: fc.constantFrom(
    "multipart/form-data; boundary=b",
    "multipart/form-data",
    "application/json",
    "text/plain",
    "multipart/form-data; boundary=",
  ),
  text: fc.oneof(
    oddText,
    fc.constantFrom(
      "{}",
      "--b--",
      "--b\r\n\r\n",
      '--b\r\nContent-Disposition: form-data; name="file"; filename="x"\r\n\r\ncut off',
    ),
  ),
});

function formsOf(schema: FormSchema): fc.Arbitrary<PlannedBody> {
  const partOf = (name: string): fc.Arbitrary<PlannedPart> => {
    const { type, format, enum: choices } = schema.properties[name] ?? { type: "string" };
    const isFile = format === "binary";
    return fc.record({
      name: fc.constant(name),
      filename: isFile ? fc.oneof(fc.constant("result.csv"), fc.uuid(), oddText) : fc.constant(undefined),
      content: isFile
        ? fc.oneof(fc.constant("known content"), fc.double().map(String), oddText)
        : choices !== undefined
          ? fc.oneof({ weight: 4, arbitrary: fc.constantFrom(...choices) }, { weight: 1, arbitrary: oddText })
          : valuesOf(name, { type, ...(format === undefined ? {} : { format }) }),
    });
  };
  const declared = fc
    .tuple(
      ...Object.keys(schema.properties).map((name) => {
        return schema.required.includes(name) ? partOf(name) : fc.option(partOf(name), { nil: undefined, freq: 1 });
      }),
    )
    .map((all) => all.filter((part) => part !== undefined));
  const odd = fc.record({
    name: fc.oneof(oddText, fc.constantFrom(...Object.keys(schema.properties))),
    filename: fc.option(oddText, { nil: undefined }),
    content: oddText,
  });
  const parts = fc.oneof(
    { weight: 6, arbitrary: declared.chain((all) => fc.shuffledSubarray(all, { minLength: all.length })) },
    { weight: 2, arbitrary: declared.chain((all) => fc.shuffledSubarray(all)) },
    { weight: 1, arbitrary: fc.tuple(declared, odd).map(([all, more]) => [...all, more]) },
  );
  return fc.oneof(
    { weight: 9, arbitrary: parts.map((list) => ({ kind: "form" as const, parts: list })) },
    { weight: 1, arbitrary: rawBodies },
  );
}

/** Mostly JSON of the right shape; what is none at all is sent as such, too. */
function jsonBodies(document: ApiDocument, schema: JsonSchema): fc.Arbitrary<PlannedBody> {
  const json = jsonOf(document, schema).map((value) => JSON.stringify(value));
  const odd = fc.oneof(oddText, fc.constantFrom("", "{", "[]", "null", '{"a":', '{"__proto__":{}}', "[".repeat(5_000)));
  return fc.record({
    kind: fc.constant("raw" as const),
    contentType: fc.constantFrom(
      "application/json",
      "application/json",
      "application/json; charset=utf-8",
      "text/plain",
    ),
    text: fc.oneof({ weight: 9, arbitrary: json }, { weight: 2, arbitrary: odd }),
  });
}

function bodiesOf(document: ApiDocument, { requestBody }: Operation): fc.Arbitrary<PlannedBody | undefined> {
  const form = requestBody?.content["multipart/form-data"]?.schema;
  if (form !== undefined) return formsOf(form);
  const json = requestBody?.content["application/json"]?.schema;
  return json === undefined ? fc.constant(undefined) : jsonBodies(document, json);
}

/** Requests for an operation: mostly proper ones, with all that may be odd in them. */
function requestsFor(document: ApiDocument, { method, path, operation }: Route): fc.Arbitrary<PlannedRequest> {
  const parameters = (operation.parameters ?? []).filter((parameter) => parameter.in !== "header");
  const values = fc.tuple(
    ...parameters.map((parameter) =>
      fc.option(valuesOf(parameter.name, parameter.schema), { nil: undefined, freq: parameter.required ? 15 : 2 }),
    ),
  );
  const target = fc
    .tuple(values, fc.constantFrom("", "", "", "/"), fc.constantFrom("", "", "", "extra=1"))
    .map(([given, slash, extra]) => {
      let filled = path;
      const query: string[] = extra === "" ? [] : [extra];
      for (const [index, { name, in: place }] of parameters.entries()) {
        const value = given[index];
        const text = encodeURIComponent((value ?? "").toWellFormed());
        if (place === "path") filled = filled.replace(`{${name}}`, text);
        else if (value !== undefined) query.push(`${name}=${text}`);
      }
      return `${filled}${slash}${query.length === 0 ? "" : `?${query.join("&")}`}`;
    });
  return fc.record({
    as: bearersOf(method, operation),
    method: method === "GET" ? fc.constantFrom("GET", "GET", "GET", "HEAD") : fc.constant(method),
    path: target,
    headers: fc.oneof(
      { weight: 2, arbitrary: fc.constant({}) },
      { weight: parameters.length === (operation.parameters ?? []).length ? 1 : 4, arbitrary: anyHeaders },
    ),
    body: bodiesOf(document, operation),
  });
}

/** Requests that fit no operation, or hardly. */
function strayRequests(paths: readonly string[]): fc.Arbitrary<PlannedRequest> {
  const segments = fc.array(
    fc.oneof(
      fc.constantFrom(
        "local",
        "tags",
        "final",
        "intermediate",
        "upload",
        "operator",
        "submissions",
        "record",
        "..",
        "%2e%2e",
        "%",
        "%ff",
        "docs",
        "openapi.json",
        "metrics",
      ),
      oddText.map((text) => encodeURIComponent(text.toWellFormed())),
    ),
    { maxLength: 5 },
  );
  return fc.record({
    as: bearers,
    method: fc.constantFrom("GET", "HEAD", "PUT", "POST", "PATCH", "DELETE", "OPTIONS", "PURGE"),
    path: fc.oneof(
      fc.constantFrom(...paths),
      segments.map((list) => `/${list.join("/")}`),
    ),
    headers: anyHeaders,
    body: fc.constant(undefined),
  });
}

export function plannedRequests(document: ApiDocument): fc.Arbitrary<PlannedRequest> {
  const routes = routesOf(document);
  return fc.oneof(
    { weight: 9, arbitrary: fc.oneof(...routes.map((route) => requestsFor(document, route))) },
    { weight: 1, arbitrary: strayRequests(routes.map(({ path }) => path)) },
  );
}
