import { expect, test } from "bun:test";
import { Document, Spectral } from "@stoplight/spectral-core";
import { Json } from "@stoplight/spectral-parsers";
import { oas } from "@stoplight/spectral-rulesets";
import manifest from "../../package.json" with { type: "json" };
import { createConformance } from "./conformance.ts";
import { type Answer, type Content, loadDocument, type Operation, routesOf } from "./document.ts";
import { operations } from "./operations.ts";

const document = loadDocument();
const routes = routesOf(document);

/** As `name`, with `?` where it may be left out. */
function inputsOf({ parameters = [], requestBody }: Operation): string[] {
  const form = requestBody?.content["multipart/form-data"]?.schema;
  return [
    ...parameters.map((parameter) => `${parameter.in} ${parameter.name}${parameter.required ? "" : "?"}`),
    ...Object.keys(form?.properties ?? {}).map((name) => `form ${name}${form?.required.includes(name) ? "" : "?"}`),
  ];
}

test("the document describes these operations, with these inputs and answers", () => {
  const described = routes.map(({ method, path, operation }) => {
    const answers = Object.keys(operation.responses).join(" ");
    return [operation.operationId, { at: `${method} ${path}`, takes: inputsOf(operation).join(", "), answers }];
  });
  expect(Object.fromEntries(described)).toEqual(operations);
});

test("everything but health needs a token", () => {
  const open = ["openOperatorSession", "endOperatorSession", /SignIn/];
  for (const { operation } of routes) {
    const isOpen =
      operation.tags.includes("Health") || open.some((name) => new RegExp(name).test(operation.operationId));
    const ways = operation.tags.includes("Operators") ? [{ bearer: [] }, { session: [] }] : [{ bearer: [] }];
    const expected = isOpen ? undefined : ways;
    expect([operation.operationId, operation.security]).toEqual([operation.operationId, expected]);
  }
  expect(document.components.securitySchemes).toMatchObject({ bearer: { type: "http", scheme: "bearer" } });
});

test("it tells version and licence, and describes its tags", () => {
  expect(document.openapi).toBe("3.1.0");
  expect(document.info).toMatchObject({ version: manifest.version, license: { identifier: manifest.license } });
  for (const { description } of document.tags) expect(description.length).toBeGreaterThan(20);
});

test("it has examples for all that is sent in JSON, and they are what the service would send", () => {
  const conformance = createConformance(document);
  for (const { method, path, operation } of routes) {
    const url = path.replace(/\{\w+\}/g, crypto.randomUUID());
    for (const [status, answer] of Object.entries(operation.responses)) {
      const content = answer.content?.["application/json"];
      if (content === undefined) continue;
      const examples = examplesOf(content);
      expect([path, status, examples.length > 0]).toEqual([path, status, true]);
      for (const example of examples) {
        const exchange = {
          method,
          url,
          status: Number(status),
          headers: headersOf(answer),
          json: JSON.stringify(example),
        };
        expect([path, status, conformance.check(exchange)]).toEqual([path, status, []]);
      }
    }
  }
}, 30_000);

test("every parameter is described, and has an example if it cannot be left out", () => {
  for (const { operation } of routes) {
    // The page would send an optional one's example with every try.
    for (const { name, description, required, schema } of operation.parameters ?? []) {
      expect([name, description.length > 10, "example" in schema]).toEqual([name, true, required]);
    }
  }
});

test("Spectral finds nothing to printError of", async () => {
  const spectral = new Spectral();
  // Its own type demands an `extends` that it has no need of.
  const rules = { ...oas, extends: [] };
  spectral.setRuleset({ extends: [[rules, "recommended"]] });
  const findings = await spectral.run(new Document(JSON.stringify(document), Json, "openapi.json"));
  expect(findings.map(({ code, path, message }) => `${code} at ${path.join(".")}: ${message}`)).toEqual([]);
}, 20_000);

function examplesOf({ example, examples = {} }: Content): unknown[] {
  return [...(example === undefined ? [] : [example]), ...Object.values(examples).map(({ value }) => value)];
}

function headersOf(answer: Answer): Headers {
  const headers = new Headers({ "content-type": "application/json" });
  for (const name of Object.keys(answer.headers)) headers.set(name, "x");
  return headers;
}
