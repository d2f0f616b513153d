import Ajv2020, { type ValidateFunction } from "ajv/dist/2020.js";
import addFormats from "ajv-formats";
import { type Answer, type ApiDocument, pointer, type Route, routesOf } from "./document.ts";

/** A request as it came, and what was answered. */
export interface Exchange {
  readonly method: string;
  /** With its query. */
  readonly url: string;
  readonly status: number;
  readonly headers: Headers;
  /** The body of a JSON answer; `undefined` for any other, which is not looked at. */
  readonly json?: string;
}

export interface Conformance {
  /** In what the exchange differs from the document: undeclared routes, statuses, headers and fields, and missing ones. */
  check(exchange: Exchange): string[];
  findRoute(method: string, path: string): Route | undefined;
}

/** Served beside the API and no part of it. */
const besides = /^\/(?:metrics|openapi\.json|docs(?:\/[^/]+\/.+)?|operator(?:\/assets\/[^/]+\/[^/]+)?)$/;
/** Of HTTP itself rather than of an answer. */
const transportHeaders = new Set(["content-type", "content-length", "transfer-encoding", "date", "connection"]);

export function createConformance(document: ApiDocument): Conformance {
  const matchers = routesOf(document)
    // A path without parameters goes before one with.
    .sort((a, b) => Number(a.path.includes("{")) - Number(b.path.includes("{")))
    .map((route) => ({ route, pattern: patternOf(route.path) }));
  const validators = createValidators(document);

  function findRoute(method: string, path: string): Route | undefined {
    const declared = method === "HEAD" ? "GET" : method;
    return matchers.find(({ route, pattern }) => route.method === declared && pattern.test(path))?.route;
  }

  function check(exchange: Exchange): string[] {
    const { method, status } = exchange;
    const path = pathOf(exchange.url);
    const route = findRoute(method, path);
    if (route === undefined) {
      if (besides.test(path) && (method === "GET" || method === "HEAD")) return [];
      const isKnown = matchers.some(({ pattern }) => pattern.test(path)) || besides.test(path);
      const isOff = path.startsWith("/operator") && status === 404;
      return checkRefusal(exchange, isKnown && !isOff ? 405 : 404);
    }
    const answer = route.operation.responses[status];
    if (answer === undefined) return ["the status is not declared"];
    // Where there are no operators, their routes are not there; the document says so.
    if (detailOf(exchange.json) === "Not Found" && !path.startsWith("/operator"))
      return ["the route is declared, but not there"];
    const place = ["paths", route.path, route.method.toLowerCase(), "responses", String(status)];
    return [
      ...checkHeaders(document, answer, exchange.headers),
      ...checkContent(answer, exchange, (type) => validators.find(pointer(...place, "content", type, "schema"))),
      ...(status === 422 ? checkPlaces(route, exchange.json) : []),
    ];
  }

  return { check, findRoute };
}

/** What a path or a method that is not there is answered, which no operation can declare. */
function checkRefusal({ status, headers, json }: Exchange, expected: 404 | 405): string[] {
  if (status !== expected) return [`the route is not declared; ${expected} was to be expected`];
  const isPlain = json === undefined || detailOf(json) === (expected === 404 ? "Not Found" : "Method Not Allowed");
  return isPlain && (expected === 404 || headers.has("allow")) ? [] : ["the refusal is not the usual one"];
}

function checkHeaders(document: ApiDocument, answer: Answer, headers: Headers): string[] {
  const declared = new Map(Object.entries(answer.headers).map(([name, header]) => [name.toLowerCase(), header]));
  const undeclared = [...headers.keys()].filter((name) => !declared.has(name) && !transportHeaders.has(name));
  const missing = [...declared].filter(([name, header]) => {
    const described = "$ref" in header ? document.components.headers[header.$ref.split("/").at(-1) ?? ""] : header;
    return described?.required !== false && !headers.has(name);
  });
  return [
    ...undeclared.map((name) => `the header ${name} is not declared`),
    ...missing.map(([name]) => `the header ${name} is missing`),
  ];
}

type FindValidator = (type: string) => ValidateFunction;

function checkContent({ content = {} }: Answer, exchange: Exchange, findValidator: FindValidator): string[] {
  const type = exchange.headers.get("content-type")?.split(";")[0];
  const declared = Object.keys(content).find((range) => range === type || range === "*/*");
  if (type === undefined)
    return declared === undefined && Object.keys(content).length === 0 ? [] : ["it has no content"];
  if (declared === undefined) return [`content of type ${type} is not declared`];
  if (exchange.json === undefined || declared !== "application/json") return [];
  const validate = findValidator(declared);
  if (validate(JSON.parse(exchange.json))) return [];
  return (validate.errors ?? []).map(({ instancePath, message, params }) => {
    return `the body's ${instancePath || "root"} ${message} ${JSON.stringify(params)}`;
  });
}

/** A 422 may printError only of what is declared. */
function checkPlaces({ operation }: Route, json = "{}"): string[] {
  const { detail } = JSON.parse(json);
  if (!Array.isArray(detail)) return [];
  const bodies = Object.values(operation.requestBody?.content ?? {});
  const fields = bodies.flatMap(({ schema }) => Object.keys(schema.properties ?? {}));
  const known = new Set([
    ...(operation.requestBody === undefined ? [] : ["body"]),
    ...fields.map((name) => `body.${name}`),
    ...(operation.parameters ?? []).map((parameter) => `${parameter.in}.${parameter.name}`),
  ]);
  // What is inside a field of JSON is named by its place in there.
  const places = detail.map(({ loc }: { loc: string[] }) => loc.slice(0, 2).join("."));
  return places.filter((place) => !known.has(place)).map((place) => `the input ${place} is not declared`);
}

function createValidators(document: ApiDocument) {
  const ajv = new Ajv2020({ strict: false, allErrors: true });
  addFormats(ajv);
  ajv.addFormat("binary", true);
  ajv.addSchema(closeObjects(document), "document");
  const compiled = new Map<string, ValidateFunction>();
  return {
    find(place: string): ValidateFunction {
      const validate = compiled.get(place) ?? ajv.compile({ $ref: `document#${encodeURI(place)}` });
      compiled.set(place, validate);
      return validate;
    },
  };
}

/** Clients may be sent new fields, so the document leaves objects open; here a field that it does not know is a mistake. */
function closeObjects<T>(node: T): T {
  if (Array.isArray(node)) return node.map(closeObjects) as T;
  if (typeof node !== "object" || node === null) return node;
  const closed = Object.fromEntries(Object.entries(node).map(([key, value]) => [key, closeObjects(value)]));
  const isOpen = closed.type === "object" && "properties" in closed && !("additionalProperties" in closed);
  return (isOpen ? { ...closed, additionalProperties: false } : closed) as T;
}

function patternOf(template: string): RegExp {
  const pattern = template.split(/\{[^}]*\}/).map((text) => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  return new RegExp(`^${pattern.join("[^/]+")}$`);
}

/** The path of a request's url, which may have an impossible host or none, without a slash at the end. */
export function pathOf(url: string): string {
  const path = url
    .replace(/^[a-z]+:\/\/[^/?]*/, "")
    .replace(/[?#].*$/s, "")
    .replace(/^\/storage(?=\/|$)/, "");
  return path.length > 1 ? path.replace(/\/$/, "") : path || "/";
}

function detailOf(json: string | undefined): unknown {
  const body: unknown = json === undefined ? undefined : JSON.parse(json);
  return typeof body === "object" && body !== null && "detail" in body ? body.detail : undefined;
}
