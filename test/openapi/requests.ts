import fc from "fast-check";
import type { Client } from "../support/service.ts";
import type { ApiDocument, FormSchema, Parameter, Route } from "./document.ts";
import { routesOf } from "./document.ts";

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

/** Who sends it; the adapter has an operation to itself. */
const bearers = fc.oneof(
  { weight: 20, arbitrary: fc.constantFrom<Client>("1", "2", "3") },
  { weight: 2, arbitrary: fc.constantFrom<Client>("adapter", "nobody") },
  { weight: 1, arbitrary: fc.constantFrom("no token" as const, "bad token" as const) },
);

const oddText = fc.oneof(
  fc.string({ unit: "binary", maxLength: 40 }),
  fc.constantFrom("", " ", "None", "../../etc/passwd", "\0", "'; drop table tag; --", "a".repeat(300), "\ud800", "%00"),
);

/** Everything the document's own words allow, and what they do not. */
function valuesOf(name: string, schema: Parameter["schema"]): fc.Arbitrary<string> {
  const known = fc.nat(1000).map((index) => `known ${name} ${index}`);
  if (schema.format === "uuid" || name.endsWith("_id")) {
    return fc.oneof(
      { weight: 6, arbitrary: known },
      { weight: 1, arbitrary: fc.uuid() },
      { weight: 1, arbitrary: oddText },
    );
  }
  if (name.includes("tag")) return fc.oneof({ weight: 4, arbitrary: known }, { weight: 1, arbitrary: oddText });
  if (schema.type === "number") {
    const numbers = fc.oneof(fc.double().map(String), fc.constantFrom("1", "0.5", "nan", "inf", "-1", "1_0", " 2 "));
    return fc.oneof({ weight: 4, arbitrary: numbers }, { weight: 1, arbitrary: oddText });
  }
  return fc.oneof(fc.constant(schema.example ?? "x"), oddText);
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
    const { type, format } = schema.properties[name] ?? { type: "string" };
    const isFile = format === "binary";
    return fc.record({
      name: fc.constant(name),
      filename: isFile ? fc.oneof(fc.constant("result.csv"), fc.uuid(), oddText) : fc.constant(undefined),
      content: isFile
        ? fc.oneof(fc.constant("known content"), fc.double().map(String), oddText)
        : valuesOf(name, { type, ...(format === undefined ? {} : { format }) }),
    });
  };
  const declared = fc.tuple(...Object.keys(schema.properties).map(partOf));
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

/** Requests for an operation: mostly proper ones, with all that may be odd in them. */
function requestsFor({ method, path, operation }: Route): fc.Arbitrary<PlannedRequest> {
  const parameters = (operation.parameters ?? []).filter((parameter) => parameter.in !== "header");
  const values = fc.tuple(
    ...parameters.map((parameter) =>
      fc.option(valuesOf(parameter.name, parameter.schema), { nil: undefined, freq: parameter.required ? 15 : 2 }),
    ),
  );
  const form = operation.requestBody?.content["multipart/form-data"]?.schema;
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
    as: method === "DELETE" ? fc.oneof(bearers, fc.constant("adapter" as const)) : bearers,
    method: method === "GET" ? fc.constantFrom("GET", "GET", "GET", "HEAD") : fc.constant(method),
    path: target,
    headers: fc.oneof(
      { weight: 2, arbitrary: fc.constant({}) },
      { weight: parameters.length === (operation.parameters ?? []).length ? 1 : 4, arbitrary: anyHeaders },
    ),
    body: form === undefined ? fc.constant(undefined) : formsOf(form),
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
    { weight: 9, arbitrary: fc.oneof(...routes.map(requestsFor)) },
    { weight: 1, arbitrary: strayRequests(routes.map(({ path }) => path)) },
  );
}
