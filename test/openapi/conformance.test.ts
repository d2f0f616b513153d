import { describe, expect, test } from "bun:test";
import { createConformance, type Exchange } from "./conformance.ts";
import { loadDocument } from "./document.ts";

const { check } = createConformance(loadDocument());
const id = "1f0c4b1e-5c1a-4a6e-9a53-1f7a3c0e2b11";
const proper = { "content-type": "application/json", "x-request-id": "1", "cache-control": "no-store" };

function exchange(method: string, url: string, status: number, body: unknown, headers: Record<string, string> = {}) {
  const json = JSON.stringify(body);
  return { method, url, status, headers: new Headers({ ...proper, ...headers }), json } satisfies Exchange;
}

const stored = { url: `http://node/local/${id}`, object_id: id, id };

describe("the check of answers against the document", () => {
  test.each([
    exchange("PUT", "/local", 200, stored),
    exchange("PUT", "http://a:b/local/?unknown=1", 200, stored, { date: "now", "content-length": "9" }),
    exchange("GET", "/local/tags", 401, { detail: "Not authenticated" }, { "www-authenticate": "Bearer" }),
    exchange("GET", "/nowhere", 404, { detail: "Not Found" }),
    exchange("POST", "/local", 405, { detail: "Method Not Allowed" }, { allow: "PUT" }),
    exchange("DELETE", "/metrics", 405, { detail: "Method Not Allowed" }, { allow: "GET" }),
  ])("lets pass what is declared: %#", (proper) => {
    expect(check(proper)).toEqual([]);
  });

  test.each([
    ["the status is not declared", exchange("PUT", "/local", 418, stored)],
    ["the status is not declared", exchange("PUT", "/local", 500, { detail: "Internal Server Error" })],
    ["the route is not declared; 404 was to be expected", exchange("GET", "/elsewhere", 200, stored)],
    ["the route is not declared; 405 was to be expected", exchange("POST", "/local", 200, stored)],
    ["the refusal is not the usual one", exchange("POST", "/local", 405, { detail: "Method Not Allowed" })],
    ["the route is declared, but not there", exchange("PUT", "/local", 404, { detail: "Not Found" })],
    ["the body's root must have required property 'url'", exchange("PUT", "/local", 200, { object_id: id, id })],
    ["the body's root must NOT have additional properties", exchange("PUT", "/local", 200, { ...stored, more: 1 })],
    ['the body\'s /object_id must match format "uuid"', exchange("PUT", "/local", 200, { ...stored, object_id: "1" })],
    ["the header etag is not declared", exchange("PUT", "/local", 200, stored, { etag: '"1"' })],
    ["the header www-authenticate is missing", exchange("PUT", "/local", 401, { detail: "Not authenticated" })],
    [
      "content of type text/html is not declared",
      exchange("PUT", "/local", 200, stored, { "content-type": "text/html" }),
    ],
    [
      "the input body.other is not declared",
      exchange("PUT", "/local", 422, { detail: [{ type: "missing", loc: ["body", "other"], msg: "?", input: null }] }),
    ],
  ] as const)("finds: %s", (finding, improper) => {
    expect(check(improper).join()).toStartWith(finding);
  });

  test("finds content where there should be some, or none", () => {
    const headers = new Headers({ "x-request-id": "1", "cache-control": "no-store" });
    expect(check({ method: "PUT", url: "/local", status: 200, headers })).toEqual(["it has no content"]);
    expect(check({ method: "PUT", url: "/final", status: 204, headers })).toEqual([]);
    expect(check(exchange("PUT", "/final", 204, null))).toEqual(["content of type application/json is not declared"]);
  });
});
