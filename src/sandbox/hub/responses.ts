import type { Page } from "./query.ts";
import { type Resource, type Row, spellRow } from "./resources.ts";
import type { HubGeneration } from "./state.ts";

/** A JSON response with the headers of the generation: a 2025 Hub sends the character set as Content-Encoding too. */
export function jsonResponse(generation: HubGeneration, body: unknown, status = 200): Response {
  const headers = new Headers({ "Content-Type": "application/json; charset=utf-8" });
  if (generation === "2025") headers.set("Content-Encoding", "utf-8");
  return new Response(JSON.stringify(body), { status, headers });
}

/** A single record: `{data, meta}` in the generation `2026`, bare in those before. */
export function recordResponse(
  generation: HubGeneration,
  row: Row,
  options: { readonly status?: number; readonly resource?: Resource } = {},
): Response {
  const data = spellRow(row, generation);
  const meta = options.resource === undefined ? {} : { schema: recordSchema(options.resource) };
  return jsonResponse(generation, generation === "2026" ? { data, meta } : data, options.status);
}

export function listResponse(generation: HubGeneration, page: Page, resource: Resource): Response {
  const { total, limit, offset } = page;
  const schema = generation === "2026" ? { schema: listSchema(resource) } : {};
  const data = page.rows.map((row) => spellRow(row, generation));
  return jsonResponse(generation, { data, meta: { total, limit, offset, ...schema } });
}

function recordSchema(resource: Resource): object {
  return {
    name: resource.name,
    strict: true,
    indexes: null,
    fields: { default: resource.fields, allowed: resource.listsAllowedFields ? resource.fields : null },
    relations: {
      allowed: resource.relations,
      schemas: Object.fromEntries(resource.relations.map((name) => [name, name])),
    },
  };
}

function listSchema(resource: Resource): object {
  return {
    ...recordSchema(resource),
    filters: { allowed: resource.filters, caseSensitive: null, indexed: false },
    pagination: { maxLimit: 50 },
    sorts: { allowed: resource.sorts, default: null, indexed: false },
  };
}
